using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KaTrace.Bpf;

/// <summary><c>enum katrace_drop</c>: why a record did not reach the ring, or does not tell all.</summary>
internal enum KernelDrop
{
    RingFull = 0,
    SocketsFull = 1,
    CallsFull = 2,
    IdentityLost = 3,
}

/// <summary><c>struct cpu_counters</c> of one CPU.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CpuCounters
{
    /// <summary>Records made, written or lost.</summary>
    public ulong Seq;
    public DropCounts Drops;

    /// <summary>Records not made, by the filters.</summary>
    public ulong Hidden;

    [InlineArray(KernelDropReasons.Count)]
    internal struct DropCounts
    {
        private ulong _first;
    }
}

internal static class KernelDropReasons
{
    public const int Count = 4;
}
