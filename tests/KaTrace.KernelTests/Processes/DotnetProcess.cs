using System.Diagnostics;
using KaTrace.Interop;
using KaTrace.KernelTests.Cli;
using KaTrace.KernelTests.Net;
using KaTrace.Processes;

namespace KaTrace.KernelTests.Processes;

/// <summary>A .NET process that idles: this very assembly, which waits for a debugger that never comes.</summary>
internal sealed class DotnetProcess : IDisposable
{
    public const string Assembly = "KaTrace.KernelTests";

    /// <summary>Variable of its environment: what keeps it waiting.</summary>
    public const string Mark = "TESTINGPLATFORM_WAIT_ATTACH_DEBUGGER";

    private readonly Process _process;

    /// <param name="environment">Variables that it has in addition.</param>
    /// <param name="by">Programs that start it, with their arguments: "unshare", "--fork".</param>
    public DotnetProcess((string Name, string Value)[]? environment = null, string[]? by = null)
    {
        string[] command = [.. by ?? [], Environment.ProcessPath is { } path && Path.GetFileName(path) == "dotnet" ? path : "dotnet", Path.Combine(AppContext.BaseDirectory, $"{Assembly}.dll")];
        ProcessStartInfo start = new(command[0], command[1..]) { RedirectStandardOutput = true };
        start.Environment[Mark] = "1";
        foreach ((string name, string value) in environment ?? [])
            start.Environment[name] = value;
        _process = Process.Start(start)!;
        new Lines(_process.StandardOutput, "the .NET process").WaitForLine(line => line.StartsWith("Waiting for debugger", StringComparison.Ordinal));
        Key = KeyOf(by is null ? (uint)_process.Id : OnlyChildOf(_process.Id));
    }

    public ProcessKey Key { get; }

    /// <summary>As the kernel has it, to a tick: all that the catalog needs.</summary>
    public static ProcessKey KeyOf(uint pid)
    {
        Assert.True(ProcessStat.TryParseStart(File.ReadAllBytes($"/proc/{pid}/stat"), out ulong ticks));
        return new ProcessKey(pid, ticks * ProcessStat.NsPerTick);
    }

    public void Stop() => Shell.Run("kill", "-STOP", $"{Key.Pid}");

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }

    private static uint OnlyChildOf(int pid) => uint.Parse(File.ReadAllText($"/proc/{pid}/task/{pid}/children").TrimEnd());
}
