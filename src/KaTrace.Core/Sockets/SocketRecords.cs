using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using KaTrace.Events;

namespace KaTrace.Sockets;

/// <summary><c>enum katrace_socket_kind</c>: what a record of the iterators is.</summary>
internal enum SocketRecordKind : byte
{
    Socket = 1,
    Process = 2,
    Holder = 3,
}

/// <summary><c>struct katrace_socket</c> of <c>bpf/katrace_sockets.h</c>, byte for byte. See <see cref="SocketRow"/> for what the
/// fields mean.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct SocketRecord
{
    public readonly ushort Size;
    public readonly SocketRecordKind Kind;
    public readonly TcpState State;
    public readonly SocketFlags Flags;
    public readonly byte Family;
    public readonly KeepaliveSettings Own;

    /// <summary>Kernel address: a key for this pass, never shown.</summary>
    public readonly ulong Sk;
    public readonly ulong Cookie;
    public readonly ulong Ino;
    public readonly ulong CgroupId;
    public readonly uint Netns;
    public readonly uint Uid;

    public readonly Address16 Laddr;
    public readonly Address16 Raddr;
    public readonly ushort Lport;
    public readonly ushort Rport;

    public readonly byte Cnt;
    public readonly byte ProbesOut;
    public readonly byte Retransmits;
    public readonly byte OtherTimer;

    public readonly uint Idle;
    public readonly uint Intvl;
    public readonly uint UserTimeout;
    public readonly uint Silent;
    public readonly int Next;
    public readonly int OtherTimerNext;
    public readonly uint PacketsOut;
    public readonly uint RecvQueue;
    public readonly uint SendQueue;

    public readonly TcpState Substate;
    public readonly Pad3 Pad;
}

/// <summary><c>struct katrace_process</c>: the holders behind it, up to the next one, are its own.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct ProcessRecord
{
    public readonly ushort Size;
    public readonly SocketRecordKind Kind;
    public readonly byte Pad;
    public readonly uint Tgid;
    public readonly ulong StartNs;
    public readonly Comm16 Comm;
}

/// <summary><c>struct katrace_holder</c>: a descriptor.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct HolderRecord
{
    public readonly ushort Size;
    public readonly SocketRecordKind Kind;
    public readonly byte Pad;
    public readonly int Fd;
    public readonly ulong Sk;
    public readonly ulong Cookie;
    public readonly ulong Ino;
    public readonly uint Netns;
    public readonly uint PadEnd;
}

/// <summary><c>struct katrace_list_config</c>: decided before the object is loaded.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ListConfig
{
    public byte HasCookieHelper;
}

/// <summary><c>struct katrace_listing</c>: how the next pass works.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Listing
{
    public ulong Session;
    public uint Tgid;

    /// <summary>Not 0: the pass over descriptors writes every socket.</summary>
    public uint AllSockets;
}

[InlineArray(3)]
internal struct Pad3
{
    private byte _first;
}
