using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KaTrace.Bpf;

/// <summary><c>enum katrace_field</c>: what filters have conditions on, besides the kind.</summary>
internal enum FilterField
{
    Netns = 0,
    Port = 1,
    LocalPort = 2,
    RemotePort = 3,
    Pid = 4,
    Cgroup = 5,
    IpVersion = 6,
}

/// <summary><c>struct katrace_filter</c>: which records the programs do not make. Filter n is bit n of each mask.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KatraceFilter
{
    public const int KindCount = 16;
    public const int FieldCount = 7;

    /// <summary>0: all are allowed.</summary>
    public ulong Allow;
    public ulong Deny;

    /// <summary>By kind: filters that it satisfies, or that do not ask for it.</summary>
    public KindMasks Kinds;

    /// <summary>By <see cref="FilterField"/>: filters with a condition on it.</summary>
    public FieldMasks Asks;

    [InlineArray(KindCount)]
    internal struct KindMasks
    {
        private ulong _first;
    }

    [InlineArray(FieldCount)]
    internal struct FieldMasks
    {
        private ulong _first;
    }
}

/// <summary><c>struct katrace_filter_key</c>: of the map that says which filters' conditions a value satisfies.</summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
internal readonly struct KatraceFilterKey(ulong value, FilterField field)
{
    public readonly ulong Value = value;
    public readonly FilterField Field = field;
}
