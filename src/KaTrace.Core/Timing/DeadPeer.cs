using KaTrace.Events;
using KaTrace.Sockets;

namespace KaTrace.Timing;

/// <summary>When keepalive notices that the peer is gone, counted from when it was last heard: what <c>tcp_keepalive_timer</c> does
/// with the settings of a socket, whether keepalive is on or not.</summary>
/// <param name="After">The earliest moment at which the connection is given up.</param>
/// <param name="Probes">Sent and unanswered by then.</param>
/// <param name="ByUserTimeout">TCP_USER_TIMEOUT decides: the kernel then ignores the count.</param>
/// <param name="Late">How much later it may be, as timers are coarse.</param>
internal readonly record struct DeadPeer(TimeSpan After, uint Probes, bool ByUserTimeout, TimeSpan Late)
{
    public static DeadPeer Of(in SocketRow row, in KernelClock clock)
    {
        ulong idle = row.Idle;
        // The kernel never waits shorter than a jiffy.
        ulong intvl = Math.Max(1u, row.Intvl);
        // With a user timeout it is looked at with each probe, but not before one is unanswered.
        ulong userTimeout = ((ulong)row.UserTimeout * clock.Hz + 999) / 1000;
        ulong probes = row.UserTimeout == 0 ? row.Cnt
            : userTimeout > idle ? Math.Max(1, (userTimeout - idle + intvl - 1) / intvl) : 1;
        ulong late = TimerWheel.Granularity(row.Idle) + probes * TimerWheel.Granularity((uint)intvl);
        return new DeadPeer(Time(idle + probes * intvl, clock), (uint)probes, row.UserTimeout != 0, Time(late, clock));
    }

    private static TimeSpan Time(ulong jiffies, in KernelClock clock) => TimeSpan.FromMilliseconds(jiffies * 1000 / clock.Hz);
}
