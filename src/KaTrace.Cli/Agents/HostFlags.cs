using System.CommandLine;
using KaTrace.Bpf;
using KaTrace.Client;
using KaTrace.Hosts;

namespace KaTrace.Cli.Agents;

/// <summary>Which host is looked at: flags of whatever can look at any.</summary>
internal sealed class HostFlags
{
    private readonly ServerFlags _server = new();

    public void AddTo(Command command) => _server.AddTo(command);

    /// <summary>Opens it, and runs what looks at it: the agent that is asked for, or the kernel; or the agent of this host, for a user
    /// who may not ask the kernel.</summary>
    /// <param name="result">Of the command line.</param>
    /// <param name="run">Returns the exit code.</param>
    /// <exception cref="BpfException">The kernel cannot be asked, nor an agent.</exception>
    public int Run(ParseResult result, Func<IHostSource, int> run)
    {
        if (_server.Address(result) is { } address)
            return RunRemote(result, address, run);
        // Not disposed: the process ends, and the kernel takes the programs down by itself.
        KernelHost kernel;
        try
        {
            kernel = KernelHost.Open();
        }
        catch (BpfException e) when (e.Errno == BpfAdvice.EPERM)
        {
            LocalAgent.StandInFor(e);
            return RunRemote(result, LocalAgent.Address, run);
        }

        return run(kernel);
    }

    private int RunRemote(ParseResult result, string address, Func<IHostSource, int> run)
    {
        KatraceConnection agent;
        try
        {
            agent = _server.Open(result, address);
        }
        catch (FormatException e)
        {
            Console.Error.WriteLine($"katrace: --server: {e.Message}");
            return ExitCodes.Usage;
        }

        using AgentHost host = new(agent);
        return run(host);
    }
}
