using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KaTrace.Events;

/// <summary>The record as the kernel wrote it: <c>struct katrace_event</c> of <c>bpf/katrace_events.h</c>, byte for byte.</summary>
/// <remarks>Read in place, in the ring's memory, and so valid only until the batch is given back. A test compares the
/// layout with the BTF of the object; times are in jiffies, which <see cref="KernelClock"/> converts.</remarks>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct EventRecord
{
    public readonly ushort Size;
    public readonly EventKind Kind;
    public readonly EventSource Source;
    public readonly uint Cpu;
    public readonly ulong CpuSeq;
    /// <summary>CLOCK_MONOTONIC.</summary>
    public readonly ulong TimeNs;

    /// <summary>Kernel address of the socket: a key for this run, never shown.</summary>
    public readonly ulong Sk;
    public readonly ulong Cookie;
    public readonly ulong Ino;
    public readonly uint Generation;
    public readonly uint Netns;

    /// <summary>IPv4 in the first four bytes where <see cref="Family"/> is AF_INET.</summary>
    public readonly Address16 Laddr;
    public readonly Address16 Raddr;
    public readonly ushort Lport;
    public readonly ushort Rport;
    public readonly byte Family;
    public readonly TcpState State;
    public readonly TcpState OldState;
    public readonly EventFlags Flags;

    /// <summary>Jiffies, effective.</summary>
    public readonly uint Idle;
    /// <summary>Jiffies, effective.</summary>
    public readonly uint Intvl;
    /// <summary>Milliseconds; 0: none.</summary>
    public readonly uint UserTimeout;
    public readonly byte Cnt;
    public readonly KeepaliveSettings Own;
    public readonly KeepaliveSettings Changed;
    public readonly byte ProbesOut;

    public readonly uint Unanswered;
    public readonly uint Probes;
    /// <summary>Jiffies.</summary>
    public readonly uint Silent;
    /// <summary>Jiffies.</summary>
    public readonly uint Next;

    public readonly EventCause Cause;
    public readonly byte Pad;
    public readonly ushort Err;
    public readonly int Fd;
    public readonly uint Tgid;
    public readonly uint Tid;
    /// <summary>CLOCK_BOOTTIME.</summary>
    public readonly ulong StartNs;
    /// <summary>NUL-terminated.</summary>
    public readonly Comm16 Comm;

    /// <summary>From the last probe to the answer; to a jiffy, but for <see cref="EventSource.Segment"/>.</summary>
    public readonly ulong RttNs;
    public readonly uint Answered;
    /// <summary>Jiffies.</summary>
    public readonly uint Longest;

    /// <summary>cgroup v2 of the socket, of its creation; 0: unknown.</summary>
    public readonly ulong CgroupId;

    /// <summary>CLOCK_MONOTONIC; 0: not known.</summary>
    public readonly ulong NotBeforeNs;
    /// <summary>Process ids, in ascending order; 0: none.</summary>
    public readonly Holder4 Holder;
    /// <summary>All of them, as of the last snapshot; 0: none, or not in a snapshot yet.</summary>
    public readonly ushort Holders;
    public readonly Holding Holding;
    public readonly PadEnd5 PadEnd;
}

[InlineArray(4)]
internal struct Holder4
{
    private uint _first;
}

[InlineArray(5)]
internal struct PadEnd5
{
    private byte _first;
}

[InlineArray(16)]
internal struct Address16
{
    private byte _first;
}

[InlineArray(16)]
internal struct Comm16
{
    private byte _first;
}
