using System.CommandLine;
using KaTrace.Bpf;
using KaTrace.Cli.Agents;
using KaTrace.Cli.Filters;
using KaTrace.Cli.Printing;
using KaTrace.Events;
using KaTrace.Output;

namespace KaTrace.Cli.Streaming;

/// <summary><c>katrace stream</c>: of this kernel, or of an agent.</summary>
internal static class StreamCommand
{
    public static Command Create()
    {
        StreamFlags flags = new(PrintFlags.OfOutput());
        ServerFlags server = new();
        HistoryFlags history = new();
        Option<TimeSpan?> aggregate = ParsedOption.Parsed<TimeSpan?>("--aggregate", "Show probes and answers of one socket once in such a time, with their number: 10s", "TIME", text => EventAggregator.CheckWindow(DurationText.Parse(text)));

        Command command = new("stream", "Show keepalive events as they happen, until interrupted");
        flags.AddTo(command);
        server.AddTo(command);
        history.AddTo(command);
        command.Options.Add(aggregate);
        command.SetAction(result =>
        {
            if (flags.Filters.PrintsRaw(result))
                return FilterOptions.PrintRaw(flags.Filters.Read(result));

            StreamOptions options = flags.Read(result) with { Aggregate = result.GetValue(aggregate) };
            if (server.Address(result) is { } address)
                return options.Demo ? Refuse("--demo shows this kernel, and does not go with --server") : Ask(address);
            if (history.Any(result))
                return Refuse("--last, --since, --until and --no-follow are about what an agent keeps: they need --server");
            try
            {
                return StreamSession.Run(options, _ => new PrintTarget(options.Print!));
            }
            catch (BpfException e) when (e.Errno == BpfAdvice.EPERM && !flags.IsAboutThisKernel(result))
            {
                LocalAgent.StandInFor(e);
                return Ask(LocalAgent.Address);
            }

            int Ask(string address)
            {
                V1.StreamEventsRequest request = new() { Filters = options.Filters, IncludeSelf = options.ShowSelf };
                history.Read(result, request);
                if (options.Aggregate is { } window)
                    request.Aggregation = new V1.Aggregation { Window = Google.Protobuf.WellKnownTypes.Duration.FromTimeSpan(window) };
                try
                {
                    return RemoteSession.RunAsync(options, server.Open(result, address), request).GetAwaiter().GetResult();
                }
                catch (FormatException e)
                {
                    return Refuse($"--server: {e.Message}");
                }
            }
        });
        return command;
    }

    private static int Refuse(string sentence)
    {
        Console.Error.WriteLine($"katrace: {sentence}");
        return ExitCodes.Usage;
    }
}
