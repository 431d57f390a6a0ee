using KaTrace.Events;
using KaTrace.Hosts;
using KaTrace.Sockets;
using KaTrace.Timing;

namespace KaTrace.Explaining;

/// <summary>What will happen to a connection whose peer is gone.</summary>
/// <param name="Kind">What decides now.</param>
/// <param name="Keepalive">When keepalive notices, from when the peer was last heard; what it would do where it is off.</param>
/// <param name="Unacknowledged">How long data may stay unacknowledged, from its first retransmission.</param>
internal sealed record Verdict(VerdictKind Kind, DeadPeer Keepalive, TimeSpan Unacknowledged)
{
    public static Verdict Of(in SocketRow row, HostView host) => new(
        KindOf(in row), DeadPeer.Of(in row, host.Table.Clock), UnacknowledgedLimit.Of(in row, host.Settings.Of(row.Netns)));

    private static VerdictKind KindOf(in SocketRow row)
    {
        if (!row.IsConnected)
            return VerdictKind.NotConnected;
        // tcp_keepalive_timer leaves it to retransmission while data is in flight or waits to be sent.
        if (row.PacketsOut > 0 || row.SendQueue > 0)
            return VerdictKind.Retransmission;
        if (row.State == TcpState.FinWait2 && (row.Flags & SocketFlags.Orphan) != 0)
            return VerdictKind.FinWait2;
        return row.KeepaliveOn ? VerdictKind.Keepalive : VerdictKind.Never;
    }
}

/// <summary>What ends a connection whose peer is gone.</summary>
internal enum VerdictKind
{
    /// <summary>There is no connection.</summary>
    NotConnected,

    /// <summary>Its probes will find out.</summary>
    Keepalive,

    /// <summary>Data is unacknowledged: the limit of retransmissions, or the user timeout.</summary>
    Retransmission,

    /// <summary>An orphan in FIN_WAIT2: tcp_fin_timeout.</summary>
    FinWait2,

    /// <summary>Nothing, as long as this side is silent too.</summary>
    Never,
}
