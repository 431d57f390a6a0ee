using System.Runtime.InteropServices;
using KaTrace.Events;

namespace KaTrace.Sockets;

/// <summary>What is not known of a socket that was not looked at when its table says: a capture has it as of before.</summary>
[Flags]
internal enum SocketUnknown : byte
{
    None = 0,

    /// <summary>What passes without an event: queues, segments in flight, retransmissions, timers other than that of keepalive.</summary>
    Passing = 1 << 0,

    /// <summary><see cref="SocketRow.Uid"/>.</summary>
    User = 1 << 1,
}

/// <summary>One TCP socket at the moment when it was read, as <c>katrace list</c>, <c>explain</c> and <c>audit</c> see it, wherever it
/// was read: in this kernel, by an agent, in a capture. Held in arrays by <see cref="SocketTable"/>, read in place.</summary>
/// <remarks>Times are in jiffies unless named otherwise; <see cref="SocketTable.Clock"/> converts.</remarks>
[StructLayout(LayoutKind.Sequential)]
internal struct SocketRow
{
    /// <summary>SO_COOKIE (socket(7)); 0: none yet.</summary>
    public ulong Cookie;

    /// <summary>As /proc/PID/fd shows it; 0: no file.</summary>
    public ulong Ino;

    /// <summary>cgroup v2 of the socket, of its creation; 0: unknown.</summary>
    public ulong CgroupId;

    /// <summary>Inode of the network namespace.</summary>
    public uint Netns;

    /// <summary>The user that the socket belongs to.</summary>
    public uint Uid;

    /// <summary>IPv4 in the first four bytes where <see cref="Family"/> is AF_INET.</summary>
    public Address16 Laddr;
    public Address16 Raddr;
    public ushort Lport;
    public ushort Rport;
    public byte Family;
    public TcpState State;
    public SocketFlags Flags;
    public SocketUnknown Unknown;

    /// <summary>Effective: the socket's own or the sysctl of its namespace. A listener's is what its children inherit.</summary>
    public uint Idle;

    /// <summary>Effective.</summary>
    public uint Intvl;

    /// <summary>TCP_USER_TIMEOUT in milliseconds; 0: none.</summary>
    public uint UserTimeout;

    /// <summary>Effective.</summary>
    public byte Cnt;

    /// <summary>Which of the four are set on the socket itself.</summary>
    public KeepaliveSettings Own;

    /// <summary>icsk_probes_out: probes since the peer was last heard; shared with zero-window probes.</summary>
    public byte ProbesOut;

    /// <summary>icsk_retransmits: how often the oldest unacknowledged segment was sent again.</summary>
    public byte Retransmits;

    /// <summary>Since a segment of the peer was last received. Known if <see cref="SocketFlags.Silent"/>.</summary>
    public uint Silent;

    /// <summary>Since an empty segment from before the window was answered (tcp_sock.last_oow_ack_time): what a keepalive probe of
    /// the peer is (RFC 1122, 4.2.3.6); a probe of a closed window looks the same, and a segment
    /// that came late. Known if <see cref="SocketFlags.Probed"/>.</summary>
    public uint Probed;

    /// <summary>Until the keepalive timer fires, negative where it is overdue. Known if <see cref="SocketFlags.Next"/>.</summary>
    public int Next;

    /// <summary>Until the other timer fires: of TIME_WAIT its end, of a request the next SYN+ACK. Known if <see cref="SocketFlags.OtherTimer"/>.</summary>
    public int OtherTimerNext;

    /// <summary>icsk_pending, <c>ICSK_TIME_*</c> of include/net/inet_connection_sock.h. Known if <see cref="SocketFlags.OtherTimer"/>.</summary>
    public byte OtherTimer;

    /// <summary>TIME_WAIT only: tw_substate, as such a socket may be an orphan's FIN_WAIT2.</summary>
    public TcpState Substate;

    /// <summary>Number of segments in flight: keepalive does not probe while there are any.</summary>
    public uint PacketsOut;

    /// <summary>Bytes received and not read; of a listener, connections that wait to be accepted. As Recv-Q of ss.</summary>
    public uint RecvQueue;

    /// <summary>Bytes sent and not acknowledged; of a listener, its backlog. As Send-Q of ss.</summary>
    public uint SendQueue;

    /// <summary>Index of the other side in <see cref="SocketTable.Rows"/>, where it is on this host too; -1: it is not, or cannot be told.</summary>
    public int Peer;

    /// <summary>Of the listener in <see cref="SocketTable.Rows"/> that this connection came in by, likely: same namespace, address
    /// and port; -1: none.</summary>
    public int Listener;

    /// <summary>Descriptors of this socket, in <see cref="SocketTable.Holders"/>: first and how many.</summary>
    public int FirstHolder;
    public int HolderCount;

    /// <summary>A socket that has settings; in TIME_WAIT, and before the handshake is through, the kernel keeps less than one.</summary>
    public readonly bool IsSocket => State is not (TcpState.TimeWait or TcpState.NewSynRecv);

    /// <summary>A keepalive probe is due in <see cref="Next"/>. The same timer ends an orphan in FIN_WAIT2, with keepalive or without.</summary>
    public readonly bool AwaitsProbe =>
        KeepaliveOn && (Flags & SocketFlags.Next) != 0 && !(State == TcpState.FinWait2 && (Flags & SocketFlags.Orphan) != 0);

    /// <summary>Of the queues and what <see cref="SocketUnknown.Passing"/> names besides.</summary>
    public readonly bool KnowsPassing => (Unknown & SocketUnknown.Passing) == 0;

    public readonly bool KnowsUser => IsSocket && (Unknown & SocketUnknown.User) == 0;

    public readonly bool KeepaliveOn => (Flags & SocketFlags.Keepalive) != 0;

    /// <summary>Two programs can talk over it: so not LISTEN, CLOSE, or the handshake.</summary>
    public readonly bool IsConnected =>
        State is TcpState.Established or TcpState.FinWait1 or TcpState.FinWait2 or TcpState.CloseWait or TcpState.LastAck or TcpState.Closing;
}
