using System.Net;
using System.Net.Sockets;
using KaTrace.Events;
using KaTrace.Processes;
using KaTrace.Sockets;
using SocketFlags = KaTrace.Sockets.SocketFlags;

namespace KaTrace.Tests.Sockets;

/// <summary>Rows and tables as the kernel may give them.</summary>
internal static class Rows
{
    public const uint Hz = 250;
    public const uint Netns = 4026531840;

    public static SocketRow Connection(string local, ushort lport, string remote, ushort rport, uint netns = Netns) => new()
    {
        Cookie = lport,
        Ino = 1000u + lport,
        Netns = netns,
        Family = FamilyOf(local),
        Laddr = Address(local),
        Lport = lport,
        Raddr = Address(remote),
        Rport = rport,
        State = TcpState.Established,
        Flags = SocketFlags.Silent,
        Idle = 7200 * Hz,
        Intvl = 75 * Hz,
        Cnt = 9,
        Silent = 5 * Hz,
        Peer = -1,
        Listener = -1,
    };

    public static SocketRow Listener(string local, ushort port, uint netns = Netns)
    {
        SocketRow row = Connection(local, port, FamilyOf(local) == 2 ? "0.0.0.0" : "::", 0, netns);
        row.State = TcpState.Listen;
        row.Flags = SocketFlags.None;
        return row;
    }

    public static SocketRow InState(this SocketRow row, TcpState state)
    {
        row.State = state;
        return row;
    }

    public static SocketRow With(this SocketRow row, SocketFlags flags)
    {
        row.Flags |= flags;
        return row;
    }

    /// <param name="row">Held by the first process.</param>
    public static SocketRow Held(this SocketRow row, int first = 0, int count = 1)
    {
        (row.FirstHolder, row.HolderCount) = (first, count);
        return row;
    }

    /// <summary>Of redis-server[520], and whoever else is named; holder i is process i with descriptor 10 + i.</summary>
    public static SocketTable Table(SocketRow[] rows, params string[] comms)
    {
        SocketProcess[] processes = [.. comms.Prepend("redis-server").Select((comm, i) => new SocketProcess(new ProcessKey((uint)(520 + i), (ulong)i + 1), comm))];
        SocketHolder[] holders = [.. processes.Select((_, i) => new SocketHolder(i, 10 + i))];
        return new SocketTable(rows, holders, processes, new KernelClock(Hz, 0), DateTimeOffset.UnixEpoch.AddSeconds(1.5), []);
    }

    public static Address16 Address(string text)
    {
        Address16 address = default;
        IPAddress.Parse(text).GetAddressBytes().CopyTo((Span<byte>)address);
        return address;
    }

    private static byte FamilyOf(string address) => IPAddress.Parse(address).AddressFamily == AddressFamily.InterNetwork ? (byte)2 : (byte)10;
}
