using System.CommandLine;
using System.Globalization;
using KaTrace.Cli.Filters;
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
        command.SetAction(result =>
        {
            V1.FilterList list = filters.Read(result);
            if (filters.PrintsRaw(result))
            {
                Console.Out.WriteLine(FilterOptions.ToJson(list));
                return ExitCodes.Ok;
            }

            return StreamSession.Run(new StreamOptions
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
            });
        });
        return command;
    }

    private static string ParseFormat(string text) =>
        text is "compact" or "wide" or "json" ? text : throw new FormatException($"bad format '{text}': it is compact, wide or json");

    private static ulong ParseCount(string text) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) && value > 0
            ? value
            : throw new FormatException($"bad number '{text}': it is 1 or more");
}
