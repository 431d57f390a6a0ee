using System.CommandLine;
using System.CommandLine.Parsing;
using KaTrace.Bpf;
using KaTrace.Cli.Replaying;
using KaTrace.Client;
using KaTrace.Hosts;
using static KaTrace.Cli.ParsedOption;

namespace KaTrace.Cli.Agents;

/// <summary>Which host is looked at: flags of whatever can look at any.</summary>
internal sealed class HostFlags
{
    private readonly ServerFlags _server = new();
    private readonly Option<string[]> _replay = new("--replay") { Description = "The host of a capture of 'katrace record', or of several: may be repeated", HelpName = "FILE", Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false };
    private readonly Option<CaptureTime?> _at = Parsed<CaptureTime?>("--at", "With --replay: as of this time, 2026-08-21T10:46:34Z, or 1m30s after the capture began; without, as of its end", "TIME", text => CaptureTime.Parse(text));

    /// <param name="command">Gets the flags.</param>
    /// <param name="live">Those of the command that make no sense for a capture.</param>
    public void AddTo(Command command, params IReadOnlyList<Option> live)
    {
        _server.AddTo(command);
        command.Options.Add(_replay);
        command.Options.Add(_at);
        command.Validators.Add(result =>
        {
            if (!IsGiven(result, _replay))
            {
                if (IsGiven(result, _at))
                    result.AddError("--at: it is a time in a capture, and needs --replay");
                return;
            }

            if (_server.All.Concat(live).FirstOrDefault(option => IsGiven(result, option)) is { } wrong)
                result.AddError($"{wrong.Name}: with --replay the host is that of a capture");
            else if (result.GetResult(_replay)!.Tokens.Any(token => token.Value == "-"))
                result.AddError("--replay: captures are read twice, and so cannot come by standard input; write it to a file first");
        });
    }

    /// <summary>It may be another host than this one.</summary>
    public bool IsElsewhere(ParseResult result) => _server.Address(result) is not null || result.GetValue(_replay) is { Length: > 0 };

    /// <summary>Opens it, and runs what looks at it: the agent that is asked for, or the kernel; or the agent of this host, for a user
    /// who may not ask the kernel.</summary>
    /// <param name="result">Of the command line.</param>
    /// <param name="run">Returns the exit code.</param>
    /// <exception cref="BpfException">The kernel cannot be asked, nor an agent.</exception>
    public int Run(ParseResult result, Func<IHostSource, int> run)
    {
        if (result.GetValue(_replay) is { Length: > 0 } files)
        {
            using RecordedHost recorded = new(files, result.GetValue(_at) is { } at ? at.ToUnixNs : null);
            return run(recorded);
        }

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

    private static bool IsGiven(SymbolResult result, Option option) => result.GetResult(option) is { Implicit: false };

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
