using KaTrace.Client;
using KaTrace.KernelTests.Cli;

namespace KaTrace.KernelTests.Serve;

/// <summary><c>katrace serve</c> as an operator runs it, on a socket of the test's own.</summary>
internal sealed class AgentProcess : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("katrace-");

    private AgentProcess(string[] flags)
    {
        KernelAccess.Require();
        // A user that is not root has to get as far as the socket itself.
        File.SetUnixFileMode(_directory.FullName, (UnixFileMode)0b111_101_101);
        Process = KatraceProcess.Start(["serve", "--listen", Address, .. flags]);
        Process.Errors.WaitForLine(line => line.StartsWith("katrace: serving on ", StringComparison.Ordinal));
    }

    public KatraceProcess Process { get; private set; }

    public string SocketPath => Path.Combine(_directory.FullName, "katrace.sock");

    public string Address => $"unix:{SocketPath}";

    public static AgentProcess Start(params string[] flags) => new(flags);

    public KatraceConnection Connect() => KatraceConnection.Open(Address);

    /// <summary>Another run on the same socket.</summary>
    public void StartAgain()
    {
        Process.Dispose();
        Process = KatraceProcess.Start("serve", "--listen", Address);
        Process.Errors.WaitForLine(line => line.StartsWith("katrace: serving on ", StringComparison.Ordinal));
    }

    public void Dispose()
    {
        Process.Dispose();
        _directory.Delete(recursive: true);
    }
}
