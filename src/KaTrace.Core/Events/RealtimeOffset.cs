using KaTrace.Interop;

namespace KaTrace.Events;

/// <summary>The distance from CLOCK_MONOTONIC, by which the kernel stamps events, to wall-clock time: NTP slews it, an
/// administrator may set it, suspend moves it.</summary>
internal sealed class RealtimeOffset
{
    private const int Samples = 5;
    private const long StepNs = 1_000_000;
    private const long AdoptEveryNs = 60_000_000_000;

    private long _adoptedAtNs;

    public RealtimeOffset() => (Ns, _adoptedAtNs) = Sample();

    /// <summary>CLOCK_REALTIME minus CLOCK_MONOTONIC, in nanoseconds.</summary>
    public long Ns { get; private set; }

    /// <summary>CLOCK_MONOTONIC now.</summary>
    public static ulong MonotonicNs => (ulong)Libc.ReadClock(Libc.CLOCK_MONOTONIC);

    /// <summary>Looks again. The offset changes once a minute at most, or at once after a step: events a second apart are
    /// then a second apart in the output too.</summary>
    public void Refresh()
    {
        (long offset, long now) = Sample();
        if (Math.Abs(offset - Ns) > StepNs || now - _adoptedAtNs > AdoptEveryNs)
            (Ns, _adoptedAtNs) = (offset, now);
    }

    /// <summary>Of a few tries the one least disturbed: the two monotonic readings around it are closest.</summary>
    private static (long OffsetNs, long MonotonicNs) Sample()
    {
        long best = long.MaxValue, offset = 0, now = 0;
        for (int i = 0; i < Samples; i++)
        {
            long before = Libc.ReadClock(Libc.CLOCK_MONOTONIC);
            long realtime = Libc.ReadClock(Libc.CLOCK_REALTIME);
            now = Libc.ReadClock(Libc.CLOCK_MONOTONIC);
            if (now - before < best)
            {
                best = now - before;
                offset = realtime - (before + (best / 2));
            }
        }

        return (offset, now);
    }
}
