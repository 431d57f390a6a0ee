using System.Globalization;
using KaTrace.Events;
using KaTrace.Output;
using KaTrace.Sockets;
using KaTrace.Timing;

namespace KaTrace.Audit.Expectations;

/// <summary>What must hold of a socket: <c>on</c>, <c>off</c>, or a value compared, such as <c>idle ≤ 300 s</c>.</summary>
internal abstract record Requirement(string Text)
{
    /// <summary>What is there instead, in a few words; null if it is as required.</summary>
    public abstract string? Missed(in SocketRow row, KernelClock clock);

    /// <exception cref="FormatException">One clause says what is wrong.</exception>
    public static Requirement Parse(string text)
    {
        string trimmed = text.Trim();
        if (trimmed is "on" or "off")
            return new Switched(trimmed == "on");
        foreach (string symbol in Comparison.Symbols)
        {
            int at = trimmed.IndexOf(symbol, StringComparison.Ordinal);
            if (at > 0)
                return Compared(trimmed[..at].Trim(), Comparison.Parse(symbol), trimmed[(at + symbol.Length)..].Trim());
        }

        throw new FormatException($"'{trimmed}' is no requirement: write on, off, or a comparison such as idle <= 300s");
    }

    private static Requirement Compared(string name, Comparison comparison, string value) => name switch
    {
        "idle" => new Timed(name, comparison, Time(value), (in row, clock) => clock.ToTime(row.Idle)),
        "interval" => new Timed(name, comparison, Time(value), (in row, clock) => clock.ToTime(row.Intvl)),
        "user-timeout" => new Timed(name, comparison, Time(value), (in row, _) => TimeSpan.FromMilliseconds(row.UserTimeout)),
        "detection" => new Timed(name, comparison, Time(value), (in row, clock) => row.KeepaliveOn ? DeadPeer.Of(in row, clock).After : TimeSpan.MaxValue),
        "count" => uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out uint count)
            ? new Counted(comparison, count)
            : throw new FormatException($"'{value}' is no count"),
        _ => throw new FormatException($"'{name}' cannot be compared: only idle, interval, count, user-timeout and detection can"),
    };

    /// <summary>With or without a space before the unit.</summary>
    private static TimeSpan Time(string value) => DurationText.Parse(value.Replace(" ", "", StringComparison.Ordinal));

    private delegate TimeSpan TimeOf(in SocketRow row, KernelClock clock);

    private sealed record Switched(bool On) : Requirement(On ? "on" : "off")
    {
        public override string? Missed(in SocketRow row, KernelClock clock) => row.KeepaliveOn == On ? null : On ? "off" : "on";
    }

    private sealed record Timed(string Name, Comparison Comparison, TimeSpan Limit, TimeOf Read)
        : Requirement($"{Name} {Comparison} {TimeText.Seconds(Limit)}")
    {
        public override string? Missed(in SocketRow row, KernelClock clock)
        {
            TimeSpan time = Read(in row, clock);
            return Comparison.Holds(time.CompareTo(Limit)) ? null : time == TimeSpan.MaxValue ? $"{Name} never" : $"{Name} {TimeText.Seconds(time)}";
        }
    }

    private sealed record Counted(Comparison Comparison, uint Limit) : Requirement($"count {Comparison} {Limit}")
    {
        public override string? Missed(in SocketRow row, KernelClock clock) =>
            Comparison.Holds(((uint)row.Cnt).CompareTo(Limit)) ? null : $"count {row.Cnt}";
    }
}
