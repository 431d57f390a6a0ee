using System.CommandLine;
using System.Globalization;
using System.Numerics;
using KaTrace.Bpf;
using KaTrace.Filters;
using KaTrace.Output;
using KaTrace.V1;
using static KaTrace.Cli.ParsedOption;

namespace KaTrace.Cli.Streaming;

/// <summary>How the kernel is traced: flags of whoever does it.</summary>
internal sealed class TracerFlags
{
    private readonly Option<string> _backend = Choice("--backend", "How the kernel is hooked: fentry, tp-btf, raw-tp, kprobe or cgroup; auto tries all, best first", "NAME", "auto", "auto", "fentry", "tp-btf", "raw-tp", "kprobe", "cgroup");
    private readonly Option<bool> _liveAnswers = new("--live-answers") { Description = "Tell answers as they come in, with the exact round trip; costs each segment that this host receives about 60 ns while probes are unanswered" };
    private readonly Option<uint> _ringSize = Parsed("--ring-size", "Kernel memory for events under way, a power of two: 8M", "BYTES", ParseRingSize, TracerOptions.DefaultRingBytes);
    private readonly Option<uint> _maxSockets = Parsed("--max-sockets", "Sockets with keepalive that are followed at once, about 216 bytes of kernel memory each, taken at the start", "N", ParseMaxSockets, TracerOptions.DefaultMaxSockets);
    private readonly Option<TimeSpan> _reconcile = Parsed("--reconcile", "Find what no hook sees, by looks at all sockets: the time within which it is told, 1s or longer; 0 looks once, at the start", "TIME", ParseReconcile, TracerOptions.DefaultReconcile);

    public IReadOnlyList<Option> All => [_backend, _liveAnswers, _ringSize, _maxSockets, _reconcile];

    public void AddTo(Command command)
    {
        foreach (Option option in All)
            command.Options.Add(option);
    }

    public bool AnyGiven(ParseResult result) => All.Any(option => result.GetResult(option) is { Implicit: false });

    public TracerOptions Read(ParseResult result, FilterList filters) => new()
    {
        Backend = result.GetValue(_backend)!,
        LiveAnswers = result.GetValue(_liveAnswers),
        RingBytes = result.GetValue(_ringSize),
        MaxSockets = result.GetValue(_maxSockets),
        Filter = KernelFilter.Of(filters),
    };

    /// <summary>Within which time a change that no hook saw is told; zero: never.</summary>
    public TimeSpan ReadReconcile(ParseResult result) => result.GetValue(_reconcile);

    private static uint ParseRingSize(string text)
    {
        const ulong Largest = 512 << 20;
        if (ByteSize.TryParse(text, out ulong value) && value <= Largest && BitOperations.IsPow2(value) && value >= (ulong)Environment.SystemPageSize)
            return (uint)value;
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
