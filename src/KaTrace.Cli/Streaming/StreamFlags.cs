using System.CommandLine;
using System.Globalization;
using System.Numerics;
using KaTrace.Bpf;
using KaTrace.Cli.Filters;
using KaTrace.Cli.Printing;
using KaTrace.Filters;
using KaTrace.Output;

namespace KaTrace.Cli.Streaming;

/// <summary>The flags of commands that trace.</summary>
internal sealed class StreamFlags
{
    private readonly Option<ulong?> _count = ParsedOption.Create<ulong?>("--count", "Stop after so many events", "N", text => ParsedOption.ParseCount(text));
    private readonly Option<TimeSpan?> _duration = ParsedOption.Create<TimeSpan?>("--duration", "Stop after a time: 90s, 1h43m, 00:01:30", "TIME", text => DurationText.Parse(text));
    private readonly Option<bool> _self = new("--self") { Description = "Show katrace's own connections too" };
    private readonly Option<bool> _demo = new("--demo") { Description = "Open connections of our own, whose peer answers, is silent, or comes back, and show them" };
    private readonly Option<bool> _verbose = new("--verbose", "-v") { Description = "Say on stderr why a better backend was not possible" };
    private readonly Option<string> _backend = new("--backend") { Description = "How the kernel is hooked: fentry, tp-btf, raw-tp, kprobe or cgroup; auto tries all, best first", HelpName = "NAME", DefaultValueFactory = _ => "auto" };
    private readonly Option<bool> _liveAnswers = new("--live-answers") { Description = "Tell answers as they come in, with the exact round trip; costs each segment that this host receives about 60 ns while probes are unanswered" };
    private readonly Option<uint> _ringSize = ParsedOption.Create("--ring-size", "Kernel memory for events under way, a power of two: 8M", "BYTES", ParseRingSize, TracerOptions.DefaultRingBytes);
    private readonly Option<uint> _maxSockets = ParsedOption.Create("--max-sockets", "Sockets with keepalive that are followed at once, about 216 bytes of kernel memory each, taken at the start", "N", ParseMaxSockets, TracerOptions.DefaultMaxSockets);
    private readonly Option<TimeSpan> _reconcile = ParsedOption.Create("--reconcile", "Find what no hook sees, by looks at all sockets: the time within which it is told, 1s or longer; 0 looks once, at the start", "TIME", ParseReconcile, TracerOptions.DefaultReconcile);
    private readonly PrintFlags _print;

    /// <param name="print">How events are printed.</param>
    public StreamFlags(PrintFlags print)
    {
        _print = print;
        _backend.AcceptOnlyFromAmong("auto", "fentry", "tp-btf", "raw-tp", "kprobe", "cgroup");
    }

    public FilterOptions Filters { get; } = new();

    public void AddTo(Command command)
    {
        Filters.AddTo(command);
        _print.AddTo(command);
        foreach (Option option in (Option[])[_count, _duration, _self, _demo, _backend, _liveAnswers, _verbose, _ringSize, _maxSockets, _reconcile])
            command.Options.Add(option);
    }

    public StreamOptions Read(ParseResult result)
    {
        V1.FilterList list = Filters.Read(result);
        return new StreamOptions
        {
            Filters = list,
            Filter = EventFilter.Compile(list),
            FilterText = list.CalculateSize() > 0 ? FilterOptions.ToJson(list) : null,
            Print = _print.Read(result),
            Count = result.GetValue(_count),
            Duration = result.GetValue(_duration),
            ShowSelf = result.GetValue(_self) || result.GetValue(_demo),
            Demo = result.GetValue(_demo),
            Verbose = result.GetValue(_verbose),
            Reconcile = result.GetValue(_reconcile),
            Tracer = new TracerOptions { Backend = result.GetValue(_backend)!, LiveAnswers = result.GetValue(_liveAnswers), RingBytes = result.GetValue(_ringSize), MaxSockets = result.GetValue(_maxSockets), Filter = KernelFilter.Of(list) },
        };
    }

    private static uint ParseRingSize(string text)
    {
        const long Largest = 512 << 20;
        try
        {
            long value = ParsedOption.ParseSize(text);
            if (value <= Largest && BitOperations.IsPow2(value) && value >= Environment.SystemPageSize)
                return (uint)value;
        }
        catch (FormatException)
        {
            // Said below, as for any other.
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
