using System.Diagnostics;
using KaTrace.KernelTests.Net;
using KaTrace.Processes;
using Microsoft.Diagnostics.NETCore.Client;

namespace KaTrace.KernelTests.Processes;

/// <summary>Real .NET processes, as their owners run them.</summary>
public sealed class ManagedProgramTests : IDisposable
{
    private static readonly string Version = $".NET {Environment.Version}";

    private readonly ProcessCatalog _catalog = new();

    public void Dispose() => _catalog.Dispose();

    [Fact]
    public async Task A_dotnet_process_says_its_entry_assembly_and_version()
    {
        using DotnetProcess dotnet = new();
        ProcessDetails details = await FindAsync(dotnet.Key);
        Assert.Equal((DotnetProcess.Assembly, Version), (details.Program, details.Runtime));
    }

    /// <summary>What Microsoft's own client connects to and hears is what we find: the address, and that the runtime there is the
    /// process' own. It keeps the question that we ask internal.</summary>
    [Fact]
    public async Task The_runtimes_that_answer_are_those_that_the_diagnostics_client_finds()
    {
        using DotnetProcess one = new(), other = new(), silent = new([("DOTNET_EnableDiagnostics", "0")]);
        DotnetProcess[] all = [one, other, silent];
        int[] published = [.. DiagnosticsClient.GetPublishedProcesses()];
        Assert.Equal([true, true, false], all.Select(process => published.Contains((int)process.Key.Pid)));

        ProcessDetails?[] found = await _catalog.FindAllAsync([.. all.Select(process => process.Key)], Pace.Deadline(20));
        Assert.Equal([Version, Version, null], found.Select(details => details!.Runtime));
        foreach (DotnetProcess process in all.Take(2))
        {
            Dictionary<string, string> environment = new DiagnosticsClient((int)process.Key.Pid).GetProcessEnvironment();
            Assert.Equal("1", environment[DotnetProcess.Mark]); // asked by us first, it still answers others
        }
    }

    [Fact]
    public async Task In_another_mount_and_pid_namespace_too_with_a_TMPDIR_of_its_own()
    {
        KernelAccess.Require();
        using DotnetProcess dotnet = new(
            [("TMPDIR", "/var/tmp")],
            ["unshare", "--pid", "--mount", "--fork", "--mount-proc", "sh", "-c", "mount -t tmpfs none /var/tmp && exec \"$@\"", "sh"]);
        Assert.Empty(Directory.EnumerateFiles("/var/tmp", "dotnet-diagnostic-1-*"));
        ProcessDetails details = await FindAsync(dotnet.Key);
        Assert.Equal((DotnetProcess.Assembly, Version), (details.Program, details.Runtime));
    }

    [Fact]
    public async Task Without_diagnostics_it_is_known_by_its_command_line()
    {
        using DotnetProcess dotnet = new([("DOTNET_EnableDiagnostics", "0")]);
        ProcessDetails details = await FindAsync(dotnet.Key);
        Assert.Equal((DotnetProcess.Assembly, null), (details.Program, details.Runtime));
    }

    [Fact]
    public async Task Stopped_it_is_known_by_its_command_line_and_holds_up_nobody()
    {
        using DotnetProcess dotnet = new();
        dotnet.Stop();
        Stopwatch time = Stopwatch.StartNew();
        ProcessDetails details = await FindAsync(dotnet.Key);
        Assert.Equal((DotnetProcess.Assembly, null), (details.Program, details.Runtime));
        Assert.InRange(time.Elapsed, TimeSpan.Zero, Pace.Deadline(5));
    }

    [Fact]
    public async Task A_hundred_that_are_stopped_are_each_asked_once_and_not_for_long()
    {
        // They share a listener, as one process stands for all: each key is a process of its own to the catalog.
        using DotnetProcess dotnet = new();
        dotnet.Stop();
        ProcessKey[] keys = [.. Enumerable.Range(0, 100).Select(i => dotnet.Key with { StartBoottimeNs = dotnet.Key.StartBoottimeNs + (ulong)i })];
        ProcessDetails?[] found = await _catalog.FindAllAsync(keys, Pace.Deadline(20));
        Assert.All(found, details => Assert.Equal((DotnetProcess.Assembly, null), (details!.Program, details.Runtime)));
    }

    private async Task<ProcessDetails> FindAsync(ProcessKey key) =>
        Assert.Single(await _catalog.FindAllAsync([key], Pace.Deadline(20)))!;
}
