using KaTrace.Hosts;
using KaTrace.Sockets;

namespace KaTrace.Timing;

/// <summary>How long data may stay unacknowledged before the kernel gives a connection up, counted from its first retransmission.</summary>
internal static class UnacknowledgedLimit
{
    public static TimeSpan Of(in SocketRow row, NamespaceSettings settings)
    {
        if (row.UserTimeout > 0)
            return TimeSpan.FromMilliseconds(row.UserTimeout);
        int retries = (row.Flags & SocketFlags.Orphan) != 0 ? Math.Min(settings.OrphanRetries, settings.Retries) : settings.Retries;
        return RetransmissionLimit.Of(retries, settings.RtoMin, settings.RtoMax);
    }
}
