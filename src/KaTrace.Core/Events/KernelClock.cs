namespace KaTrace.Events;

/// <summary>Turns the kernel's times into ours: jiffies into seconds, CLOCK_MONOTONIC into wall-clock time.</summary>
/// <param name="Hz">Jiffies a second, as learned from the running kernel (CONFIG_HZ is not readable everywhere).</param>
/// <param name="RealtimeOffsetNs">CLOCK_REALTIME minus CLOCK_MONOTONIC, in nanoseconds.</param>
internal readonly record struct KernelClock(uint Hz, long RealtimeOffsetNs)
{
    /// <summary>Nanoseconds since the Unix epoch.</summary>
    public long ToUnixNs(ulong monotonicNs) => (long)monotonicNs + RealtimeOffsetNs;

    /// <summary>Milliseconds, rounded down.</summary>
    public ulong ToMilliseconds(uint jiffies) => (ulong)jiffies * 1000 / Hz;

    public uint ToSeconds(uint jiffies) => jiffies / Hz;

    public TimeSpan ToTime(uint jiffies) => TimeSpan.FromMilliseconds(ToMilliseconds(jiffies));
}
