using System.Diagnostics;

namespace KaTrace.Cli.Replaying;

/// <summary>Waits until an event is due, where the original timing is honoured.</summary>
/// <param name="speed">Times the original.</param>
/// <param name="stop">Ends every wait.</param>
internal sealed class ReplayClock(double speed, WaitHandle stop)
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    private long _begun;
    private long? _firstNs;

    /// <summary>How long it is until then; zero or less: now. The first event that is asked for is due when it is.</summary>
    public TimeSpan Until(long unixNs)
    {
        if (_firstNs is null)
            (_firstNs, _begun) = (unixNs, Stopwatch.GetTimestamp());
        // CPUs write into one ring: records are only nearly in order.
        double after = unixNs > _firstNs ? (unixNs - _firstNs.Value) / speed : 0;
        return TimeSpan.FromTicks((long)Math.Min(after / TimeSpan.NanosecondsPerTick, TimeSpan.MaxValue.Ticks / 2)) - Stopwatch.GetElapsedTime(_begun);
    }

    public void Wait(TimeSpan time) => stop.WaitOne(time < Longest ? time : Longest);
}
