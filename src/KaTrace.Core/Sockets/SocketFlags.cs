namespace KaTrace.Sockets;

/// <summary>What holds of a socket. Values are those of <c>enum katrace_socket_flag</c> in <c>bpf/katrace_sockets.h</c>.</summary>
[Flags]
internal enum SocketFlags : ushort
{
    None = 0,

    /// <summary>SO_KEEPALIVE is on.</summary>
    Keepalive = 1 << 0,

    /// <summary>A socket of the kernel's own (NFS, MPTCP subflow, …): no process can own it.</summary>
    Kernel = 1 << 1,

    /// <summary>All who held it have closed it; the kernel ends the connection.</summary>
    Orphan = 1 << 2,

    /// <summary>A connection that nobody has taken by accept(2) yet.</summary>
    Unaccepted = 1 << 3,

    /// <summary><see cref="SocketRow.Silent"/> is known: the socket is connected.</summary>
    Silent = 1 << 4,

    /// <summary>The keepalive timer is pending, so that <see cref="SocketRow.Next"/> is known.</summary>
    Next = 1 << 5,

    /// <summary>The TCP socket below an MPTCP socket: who holds that holds it.</summary>
    MptcpSubflow = 1 << 6,

    /// <summary>Another timer of the connection runs (retransmission, tail loss, reordering, zero window): the only one that
    /// netstat and ss show then. See <see cref="SocketRow.OtherTimer"/>.</summary>
    OtherTimer = 1 << 7,

    /// <summary><see cref="SocketRow.Probed"/> is known: the peer has probed.</summary>
    Probed = 1 << 8,
}
