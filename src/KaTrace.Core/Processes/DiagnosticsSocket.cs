using KaTrace.Interop;
using Microsoft.Win32.SafeHandles;

namespace KaTrace.Processes;

/// <summary>Finds where the .NET runtime of a process listens for questions.</summary>
/// <remarks>Not by DiagnosticsClient.GetPublishedProcesses() of Microsoft.Diagnostics.NETCore.Client: that lists directories and reads
/// the environment of every process without bound, and follows links that a process laid in its own root out of it.
/// All file names here are the process' choice: nothing is opened that is not a socket, and who answers is checked later.</remarks>
internal static class DiagnosticsSocket
{
    private const string DefaultDirectory = "/tmp";

    /// <summary>Null: it has none that can be reached.</summary>
    /// <param name="process">Its directory in /proc.</param>
    /// <param name="pid">As the process itself knows it, in its pid namespace.</param>
    /// <param name="startTicks">Field 22 of its stat, which the runtime puts into the name lest pids be mixed up.</param>
    /// <param name="temporaryDirectory">Its TMPDIR; null if it has none.</param>
    public static SafeFileHandle? TryHold(OpenDirectory process, uint pid, ulong startTicks, string? temporaryDirectory)
    {
        using OpenDirectory? root = process.TryOpenDirectory("root");
        using OpenDirectory? directory = root?.TryOpenAsRoot(string.IsNullOrEmpty(temporaryDirectory) ? DefaultDirectory : temporaryDirectory);
        return directory?.TryHold(string.Create(null, $"dotnet-diagnostic-{pid}-{startTicks}-socket"));
    }
}
