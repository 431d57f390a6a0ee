using System.CommandLine;
using System.Globalization;
using KaTrace.Bpf;
using KaTrace.Cli.Filters;
using KaTrace.Client;
using KaTrace.Filters;
using KaTrace.Output;
using static KaTrace.Cli.ParsedOption;

namespace KaTrace.Cli.Streaming;

/// <summary><c>katrace stream</c>: its flags, and what they mean.</summary>
internal static class StreamCommand
{
    public static Command Create()
    {
        FilterOptions filters = new();
        Option<string> output = Parsed("--output", "Format of a line: compact, wide or json (JSON Lines; see 'katrace schema')", "FORMAT", ParseFormat, "compact");
        output.Aliases.Add("-o");
        Option<ulong?> count = Parsed<ulong?>("--count", "Stop after so many events", "N", text => ParseCount(text));
        Option<TimeSpan?> duration = Parsed<TimeSpan?>("--duration", "Stop after a time: 90s, 1h43m, 00:01:30", "TIME", text => DurationText.Parse(text));
        Option<TimeFormat> time = Parsed("--time-format", $"How times are shown (never in JSON): {string.Join(", ", Enum.GetNames<TimeFormat>())}", "NAME", TimeFormats.Parse, TimeFormat.StampMilli);
        Option<ColorMode> color = Parsed("--color", "auto, always or never; NO_COLOR is honoured", "WHEN", ColorModes.Parse, ColorMode.Auto);
        Option<bool> self = new("--self") { Description = "Show katrace's own connections too" };
        Option<bool> demo = new("--demo") { Description = "Open connections of our own, whose peer answers, is silent, or comes back, and show them" };
        Option<bool> verbose = new("--verbose", "-v") { Description = "Say on stderr why a better backend was not possible" };
        TracerFlags tracer = new();
        ServerFlags server = new();
        HistoryFlags history = new();

        Command command = new("stream", "Show keepalive events as they happen, until interrupted");
        filters.AddTo(command);
        command.Options.Add(output);
        command.Options.Add(count);
        command.Options.Add(duration);
        command.Options.Add(time);
        command.Options.Add(color);
        command.Options.Add(self);
        command.Options.Add(demo);
        command.Options.Add(verbose);
        tracer.AddTo(command);
        server.AddTo(command);
        history.AddTo(command);
        command.SetAction(result =>
        {
            V1.FilterList list = filters.Read(result);
            if (filters.PrintsRaw(result))
            {
                Console.Out.WriteLine(FilterOptions.ToJson(list));
                return ExitCodes.Ok;
            }

            StreamOptions options = new()
            {
                Filter = EventFilter.Compile(list),
                FilterText = list.CalculateSize() > 0 ? FilterOptions.ToJson(list) : null,
                Format = result.GetValue(output)!,
                Count = result.GetValue(count),
                Duration = result.GetValue(duration),
                TimeFormat = result.GetValue(time),
                Color = result.GetValue(color),
                ShowSelf = result.GetValue(self) || result.GetValue(demo),
                Demo = result.GetValue(demo),
                Verbose = result.GetValue(verbose),
                Reconcile = tracer.ReadReconcile(result),
                Tracer = tracer.Read(result, list),
            };
            if (server.Address(result) is { } address)
                return options.Demo ? Refuse("--demo shows this kernel, and does not go with --server") : Ask(address);
            if (history.Any(result))
                return Refuse("--last, --since, --until and --no-follow are about what an agent keeps: they need --server");
            try
            {
                return StreamSession.Run(options);
            }
            catch (BpfException e) when (e.Errno is BpfAdvice.EPERM && !options.Demo && File.Exists(DefaultSocket))
            {
                Console.Error.WriteLine($"katrace: no right to trace this kernel; asking its agent at {KatraceConnection.DefaultAddress}");
                return Ask(KatraceConnection.DefaultAddress);
            }

            int Ask(string address)
            {
                V1.StreamEventsRequest request = new() { Filters = list, IncludeSelf = options.ShowSelf };
                history.Read(result, request);
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

    private static string DefaultSocket => KatraceConnection.DefaultAddress["unix:".Length..];

    private static int Refuse(string sentence)
    {
        Console.Error.WriteLine($"katrace: {sentence}");
        return ExitCodes.Usage;
    }

    private static string ParseFormat(string text) =>
        text is "compact" or "wide" or "json" ? text : throw new FormatException($"bad format '{text}': it is compact, wide or json");

    private static ulong ParseCount(string text) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) && value > 0
            ? value
            : throw new FormatException($"bad number '{text}': it is 1 or more");
}
