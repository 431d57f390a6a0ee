using KaTrace.Filters;

namespace KaTrace.Bpf;

/// <summary>What is fixed when the object is loaded: sizes in kernel memory, backend, filters.</summary>
internal sealed record TracerOptions
{
    public const uint DefaultRingBytes = 8 << 20;
    public const uint DefaultMaxSockets = 65536;

    /// <summary>A pass over 10,000 sockets takes some 20 ms: a fifth of a percent of one CPU.</summary>
    public static readonly TimeSpan DefaultReconcile = TimeSpan.FromSeconds(10);

    /// <summary>auto, or the one backend to use: see <see cref="Hook.Forced"/>.</summary>
    public string Backend { get; init; } = "auto";

    /// <summary>Tell answers as they come in, at a cost to each segment that is received meanwhile.</summary>
    public bool LiveAnswers { get; init; }

    /// <summary>A power of two and a multiple of the page size.</summary>
    public uint RingBytes { get; init; } = DefaultRingBytes;

    /// <summary>Sockets with keepalive whose owner and probes can be known at once; about 216 bytes each.</summary>
    public uint MaxSockets { get; init; } = DefaultMaxSockets;

    /// <summary>Which events are not worth a record.</summary>
    public KernelFilter Filter { get; init; } = KernelFilter.None;
}
