using System.Runtime.InteropServices;

namespace KaTrace.Bpf;

/// <summary><c>struct katrace_config</c>: decided before the object is loaded.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KatraceConfig
{
    public byte HasCookieHelper;
    public KatraceFilter Filter;
}

/// <summary><c>struct katrace_host</c>: known once the object is loaded.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KatraceHost
{
    public ulong KeepaliveTimerFn;
    public ulong WriteTimerFn;
    public ulong LearnIno;
    public uint Hz;
    public uint TickNs;
}

/// <summary><c>struct katrace_snapshot</c>: a pass over all sockets, as it begins.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KatraceSnapshot
{
    /// <summary>CLOCK_MONOTONIC when the pass before the last one began; 0: it did not see these sockets.</summary>
    public ulong NotBeforeNs;
    public uint Number;
    public uint Pad;
}

/// <summary><c>struct katrace_learned</c>: what the kernel says of a socket of our own.</summary>
[StructLayout(LayoutKind.Sequential, Size = 48)]
internal struct KatraceLearned
{
    public ulong Ino;
    public ulong KeepaliveTimerFn;
    public ulong WriteTimerFn;
    public uint Idle;
    public uint Intvl;
    public uint UserTimeout;
    public uint Tgid;
    public byte Cnt;
    public byte Keepalive;
    public byte TimerMoved;
}
