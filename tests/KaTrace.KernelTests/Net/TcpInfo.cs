using System.Net.Sockets;
using System.Runtime.InteropServices;
using KaTrace.Events;

namespace KaTrace.KernelTests.Net;

/// <summary>struct tcp_info, linux/tcp.h, what of it the list shows too.</summary>
[StructLayout(LayoutKind.Explicit, Size = 104)]
internal readonly struct TcpInfo
{
    [FieldOffset(0)]
    public readonly TcpState State;

    [FieldOffset(2)]
    public readonly byte Retransmits;

    [FieldOffset(3)]
    public readonly byte Probes;

    /// <summary>Of a listener: connections that wait to be accepted.</summary>
    [FieldOffset(24)]
    public readonly uint Unacked;

    /// <summary>Of a listener: its backlog.</summary>
    [FieldOffset(28)]
    public readonly uint Sacked;

    [FieldOffset(52)]
    public readonly uint LastDataRecvMs;

    [FieldOffset(56)]
    public readonly uint LastAckRecvMs;

    public uint SilentMs => Math.Min(LastDataRecvMs, LastAckRecvMs);

    public static TcpInfo Of(Socket socket)
    {
        byte[] info = new byte[104];
        socket.GetRawSocketOption(KeepaliveSocket.SOL_TCP, 11 /* TCP_INFO */, info);
        return MemoryMarshal.Read<TcpInfo>(info);
    }
}
