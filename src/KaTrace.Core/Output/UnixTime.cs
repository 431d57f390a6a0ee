using KaTrace.Interop;

namespace KaTrace.Output;

/// <summary>Nanoseconds since the Unix epoch, taken apart.</summary>
internal static class UnixTime
{
    private const long NsPerSecond = 1_000_000_000;

    public static long Now => Libc.ReadClock(Libc.CLOCK_REALTIME);

    /// <summary>Whole seconds, rounded down also before 1970, and the nanoseconds after them.</summary>
    public static (long Second, uint Nanos) Split(long unixNs)
    {
        (long second, long nanos) = Math.DivRem(unixNs, NsPerSecond);
        return nanos < 0 ? (second - 1, (uint)(nanos + NsPerSecond)) : (second, (uint)nanos);
    }

    public static DateTime ToDateTime(long second) => DateTime.UnixEpoch.AddTicks(second * TimeSpan.TicksPerSecond);
}
