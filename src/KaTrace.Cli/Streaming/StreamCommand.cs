using System.CommandLine;
using System.Globalization;
using System.Numerics;
using KaTrace.Bpf;
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
        Option<string> backend = new("--backend") { Description = "How the kernel is hooked: fentry, tp-btf, raw-tp, kprobe or cgroup; auto tries all, best first", HelpName = "NAME", DefaultValueFactory = _ => "auto" };
        backend.AcceptOnlyFromAmong("auto", "fentry", "tp-btf", "raw-tp", "kprobe", "cgroup");
        Option<bool> liveAnswers = new("--live-answers") { Description = "Tell answers as they come in, with the exact round trip; costs each segment that this host receives about 60 ns while probes are unanswered" };
        Option<uint> ringSize = Parsed("--ring-size", "Kernel memory for events under way, a power of two: 8M", "BYTES", ParseRingSize, TracerOptions.DefaultRingBytes);
        Option<uint> maxSockets = Parsed("--max-sockets", "Sockets with keepalive that are followed at once, about 216 bytes of kernel memory each, taken at the start", "N", ParseMaxSockets, TracerOptions.DefaultMaxSockets);
        Option<TimeSpan> reconcile = Parsed("--reconcile", "Find what no hook sees, by looks at all sockets: the time within which it is told, 1s or longer; 0 looks once, at the start", "TIME", ParseReconcile, TracerOptions.DefaultReconcile);

        Command command = new("stream", "Show keepalive events as they happen, until interrupted");
        filters.AddTo(command);
        command.Options.Add(output);
        command.Options.Add(count);
        command.Options.Add(duration);
        command.Options.Add(time);
        command.Options.Add(color);
        command.Options.Add(self);
        command.Options.Add(demo);
        command.Options.Add(backend);
        command.Options.Add(liveAnswers);
        command.Options.Add(verbose);
        command.Options.Add(ringSize);
        command.Options.Add(maxSockets);
        command.Options.Add(reconcile);
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
                Reconcile = result.GetValue(reconcile),
                Tracer = new TracerOptions { Backend = result.GetValue(backend)!, LiveAnswers = result.GetValue(liveAnswers), RingBytes = result.GetValue(ringSize), MaxSockets = result.GetValue(maxSockets), Filter = KernelFilter.Of(list) },
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

    private static uint ParseRingSize(string text)
    {
        (string digits, int shift) = text.ToUpperInvariant() switch
        {
            [.. var number, 'K'] => (number, 10),
            [.. var number, 'M'] => (number, 20),
            var number => (number, 0),
        };
        const ulong Largest = 512 << 20;
        if (ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) && value <= Largest >> shift
            && BitOperations.IsPow2(value << shift) && value << shift >= (ulong)Environment.SystemPageSize)
        {
            return (uint)(value << shift);
        }

        throw new FormatException($"bad size '{text}': it is a power of two from {Environment.SystemPageSize} to 512M, such as 8M");
    }

    private static uint ParseMaxSockets(string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint value) && value is > 0 and <= 16_777_216
            ? value
            : throw new FormatException($"bad number '{text}': it is from 1 to 16777216");

    private static TimeSpan ParseReconcile(string text)
    {
        TimeSpan time = text == "0" ? TimeSpan.Zero : DurationText.Parse(text);
        return time == TimeSpan.Zero || (time >= TimeSpan.FromSeconds(1) && time <= TimeSpan.FromDays(1))
            ? time
            : throw new FormatException($"bad time '{text}': it is from 1s to 1d, or 0");
    }
}
