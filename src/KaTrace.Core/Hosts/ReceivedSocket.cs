using System.Net;
using KaTrace.Events;
using KaTrace.Interop;
using KaTrace.Output;
using KaTrace.Sockets;
using KaTrace.V1;

namespace KaTrace.Hosts;

/// <summary>A socket that comes as a message, made into a row again: <see cref="ConnectionMessage"/> the other way round.</summary>
internal static class ReceivedSocket
{
    /// <returns>Without holders, which are the host's, and without links.</returns>
    /// <exception cref="InvalidDataException">It says what cannot be.</exception>
    public static SocketRow RowOf(Connection message)
    {
        Socket socket = message.Socket ?? throw new InvalidDataException("a connection without a socket");
        Exact exact = message.Exact ?? throw new InvalidDataException("a socket without its exact values");
        Keepalive keepalive = message.Keepalive ?? new Keepalive();
        return new SocketRow
        {
            Cookie = socket.Cookie,
            Ino = socket.Inode,
            CgroupId = socket.CgroupId,
            Netns = socket.Netns,
            Uid = message.Uid,
            Laddr = Address(socket.Local, exact.Ipv6, socket.V4Mapped),
            Raddr = Address(socket.Remote, exact.Ipv6, socket.V4Mapped),
            Lport = Port(socket.Local),
            Rport = Port(socket.Remote),
            Family = (byte)(exact.Ipv6 ? Libc.AF_INET6 : Libc.AF_INET),
            State = State(socket.State, TcpState.Established),
            Flags = Flags(socket, keepalive, exact),
            Idle = exact.Idle,
            Intvl = exact.Interval,
            UserTimeout = keepalive.UserTimeoutMs,
            Cnt = ReceivedValue.Byte(keepalive.Count, "a count of probes"),
            Own = SettingMessages.Set(keepalive.Own),
            ProbesOut = ReceivedValue.Byte(keepalive.ProbesOut, "a number of probes"),
            Retransmits = ReceivedValue.Byte(message.Retransmits, "a number of retransmissions"),
            Silent = exact.Silent,
            Probed = exact.Probed,
            Next = exact.Next,
            OtherTimerNext = exact.OtherNext,
            OtherTimer = ReceivedValue.Byte(exact.OtherTimer, "a kind of timer"),
            Substate = State(exact.Substate, TcpState.None),
            Unknown = (exact.Remembered ? SocketUnknown.Passing : 0) | (message.HasUid ? 0 : SocketUnknown.User),
            PacketsOut = message.PacketsOut,
            RecvQueue = message.ReceiveQueue,
            SendQueue = message.SendQueue,
            Peer = -1,
            Listener = -1,
        };
    }

    private static SocketFlags Flags(Socket socket, Keepalive keepalive, Exact exact) =>
        (keepalive.On ? SocketFlags.Keepalive : 0)
        | (socket.Kernel ? SocketFlags.Kernel : 0)
        | (socket.Orphan ? SocketFlags.Orphan : 0)
        | (socket.Unaccepted ? SocketFlags.Unaccepted : 0)
        | (socket.MptcpSubflow ? SocketFlags.MptcpSubflow : 0)
        | (exact.HasSilent ? SocketFlags.Silent : 0)
        | (exact.HasProbed ? SocketFlags.Probed : 0)
        | (exact.HasNext ? SocketFlags.Next : 0)
        | (exact.HasOtherNext ? SocketFlags.OtherTimer : 0);

    private static TcpState State(Socket.Types.State state, TcpState least) => (TcpState)ReceivedValue.Within((uint)state, (uint)least, (uint)TcpState.NewSynRecv, "a state");

    private static ushort Port(Endpoint? end) => (ushort)ReceivedValue.AtMost(end?.Port ?? 0, ushort.MaxValue, "a port");

    /// <summary>In the kernel's form: IPv4 in the first four bytes, or mapped where the socket is AF_INET6. Of an end that is not there
    /// only the family says which.</summary>
    private static Address16 Address(Endpoint? end, bool ipv6, bool mapped)
    {
        if (end is null)
            return RawEvent.Address(ipv6 ? (mapped ? IPAddress.Any.MapToIPv6() : IPAddress.IPv6Any).GetAddressBytes() : IPAddress.Any.GetAddressBytes());
        if (!AddressText.TryParse(end.Address, out IPAddress? address) || (!ipv6 && address.AddressFamily != System.Net.Sockets.AddressFamily.InterNetwork))
            throw new InvalidDataException("an address that is none");
        return RawEvent.Address((ipv6 ? address.MapToIPv6() : address).GetAddressBytes());
    }
}
