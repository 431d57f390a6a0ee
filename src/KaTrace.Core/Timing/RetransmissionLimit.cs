using System.Numerics;

namespace KaTrace.Timing;

/// <summary>How long unacknowledged data is sent again before the connection is given up, where no TCP_USER_TIMEOUT says so:
/// <c>tcp_model_timeout</c> of net/ipv4/tcp_timer.c. The connection dies at the first retransmission timeout that is due after it,
/// counted from the first retransmission.</summary>
internal static class RetransmissionLimit
{
    /// <summary>tcp_retries2 unless set.</summary>
    public const int DefaultRetries = 15;

    /// <summary>What tcp_orphan_retries = 0 stands for, once all who held the socket have closed it.</summary>
    public const int DefaultOrphanRetries = 8;

    public static readonly TimeSpan DefaultRtoMin = TimeSpan.FromMilliseconds(200);
    public static readonly TimeSpan DefaultRtoMax = TimeSpan.FromSeconds(120);

    public static TimeSpan Of(int retries, TimeSpan rtoMin, TimeSpan rtoMax)
    {
        int doublings = BitOperations.Log2((ulong)Math.Max(1, rtoMax.Ticks / rtoMin.Ticks));
        return retries <= doublings
            ? ((2L << retries) - 1) * rtoMin
            : ((2L << doublings) - 1) * rtoMin + (retries - doublings) * rtoMax;
    }
}
