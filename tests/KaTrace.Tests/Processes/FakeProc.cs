using System.Globalization;
using System.Text;

namespace KaTrace.Tests.Processes;

/// <summary>A directory that looks like /proc.</summary>
internal sealed class FakeProc : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("katrace-proc-");

    public string Root => _root.FullName;

    public void Dispose() => _root.Delete(recursive: true);

    /// <param name="pid">The process.</param>
    /// <param name="startTicks">Field 22 of its stat.</param>
    /// <param name="commandLine">As the kernel gives it: a NUL after each argument.</param>
    /// <param name="comm">Field 2.</param>
    /// <returns>Its directory.</returns>
    public string Add(uint pid, ulong startTicks, byte[] commandLine, string comm = "redis-server")
    {
        DirectoryInfo directory = _root.CreateSubdirectory(pid.ToString(CultureInfo.InvariantCulture));
        File.WriteAllText(
            Path.Combine(directory.FullName, "stat"),
            $"{pid} ({comm}) S 1 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 {startTicks} 9 10 11\n");
        File.WriteAllText(Path.Combine(directory.FullName, "comm"), $"{comm}\n");
        File.WriteAllBytes(Path.Combine(directory.FullName, "cmdline"), commandLine);
        return directory.FullName;
    }

    public string Add(uint pid, ulong startTicks, string commandLine, string comm = "redis-server") =>
        Add(pid, startTicks, Encoding.UTF8.GetBytes(commandLine), comm);
}
