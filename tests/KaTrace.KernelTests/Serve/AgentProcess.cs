using KaTrace.Client;
using KaTrace.KernelTests.Cli;
using KaTrace.KernelTests.Net;

namespace KaTrace.KernelTests.Serve;

/// <summary><c>katrace serve</c> as an operator runs it, on a socket of the test's own.</summary>
internal sealed class AgentProcess : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("katrace-");

    private readonly NetworkNamespace? _netns;
    private readonly string[] _flags;

    private AgentProcess(NetworkNamespace? netns, string[] flags)
    {
        KernelAccess.Require();
        // A user that is not root has to get as far as the socket itself.
        File.SetUnixFileMode(_directory.FullName, (UnixFileMode)0b111_101_101);
        (_netns, _flags) = (netns, flags);
        Process = Run();
    }

    public KatraceProcess Process { get; private set; }

    public string SocketPath => Path.Combine(_directory.FullName, "katrace.sock");

    public string Address => $"unix:{SocketPath}";

    public static AgentProcess Start(params string[] flags) => new(null, flags);

    /// <summary>Its TCP addresses are those of a network namespace.</summary>
    public static AgentProcess StartIn(NetworkNamespace netns, params string[] flags) => new(netns, flags);

    public KatraceConnection Connect() => KatraceConnection.Open(Address);

    /// <summary>Another run on the same socket.</summary>
    public void StartAgain()
    {
        Process.Dispose();
        Process = Run();
    }

    public void Dispose()
    {
        Process.Dispose();
        _directory.Delete(recursive: true);
    }

    /// <summary>Of this process' sockets alone: others on this host may make events by the million.</summary>
    private KatraceProcess Run()
    {
        string[] serve = ["serve", "--listen", Address, "--pid", $"{Environment.ProcessId}", .. _flags];
        KatraceProcess process = _netns is null
            ? KatraceProcess.Start(serve)
            : KatraceProcess.StartBy("nsenter", [$"--net=/run/netns/{_netns.Name}", KatraceProcess.Executable, .. serve]);
        process.Errors.WaitForLine(line => line.StartsWith("katrace: serving on ", StringComparison.Ordinal));
        return process;
    }
}
