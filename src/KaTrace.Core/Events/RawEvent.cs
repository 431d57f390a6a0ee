using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace KaTrace.Events;

/// <summary>An <see cref="EventRecord"/> that can be written, for those that come from elsewhere than the ring: the same fields in the
/// same order, which a test checks.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RawEvent
{
    public ushort Size;
    public EventKind Kind;
    public EventSource Source;
    public uint Cpu;
    public ulong CpuSeq;
    public ulong TimeNs;
    public ulong Sk;
    public ulong Cookie;
    public ulong Ino;
    public uint Generation;
    public uint Netns;
    public Address16 Laddr;
    public Address16 Raddr;
    public ushort Lport;
    public ushort Rport;
    public byte Family;
    public TcpState State;
    public TcpState OldState;
    public EventFlags Flags;
    public uint Idle;
    public uint Intvl;
    public uint UserTimeout;
    public byte Cnt;
    public KeepaliveSettings Own;
    public KeepaliveSettings Changed;
    public byte ProbesOut;
    public uint Unanswered;
    public uint Probes;
    public uint Silent;
    public uint Next;
    public EventCause Cause;
    public byte Pad;
    public ushort Err;
    public int Fd;
    public uint Tgid;
    public uint Tid;
    public ulong StartNs;
    public Comm16 Comm;
    public ulong RttNs;
    public uint Answered;
    public uint Longest;
    public ulong CgroupId;
    public ulong NotBeforeNs;
    public Holder4 Holder;
    public ushort Holders;
    public Holding Holding;
    public PadEnd5 PadEnd;

    public readonly EventRecord ToRecord() => Unsafe.BitCast<RawEvent, EventRecord>(this);

    public static Comm16 Name(string name) => Name(Encoding.UTF8.GetBytes(name));

    public static Comm16 Name(ReadOnlySpan<byte> name)
    {
        Comm16 comm = default;
        name.CopyTo(comm);
        return comm;
    }

    public static Holder4 Processes(params ReadOnlySpan<uint> pids)
    {
        Holder4 holder = default;
        pids.CopyTo(holder);
        return holder;
    }

    /// <summary>The record's form of an address: IPv4 in the first four bytes.</summary>
    public static Address16 Address(string text) => Address(System.Net.IPAddress.Parse(text).GetAddressBytes());

    public static Address16 Address(ReadOnlySpan<byte> bytes)
    {
        Address16 address = default;
        bytes.CopyTo(address);
        return address;
    }
}
