using System.Runtime.CompilerServices;

namespace KaTrace.Ring;

/// <summary>How the kernel lays records out in a BPF ring buffer (kernel/bpf/ringbuf.c): an 8-byte header of which the
/// first word is the length and two flags, the payload, and padding to 8 bytes.</summary>
internal static class RingLayout
{
    /// <summary>BPF_RINGBUF_HDR_SZ: u32 length and flags, u32 page offset (the kernel's own).</summary>
    public const int HeaderSize = 8;

    /// <summary>BPF_RINGBUF_BUSY_BIT: reserved, and not yet committed. The payload may still change.</summary>
    public const uint BusyBit = 1u << 31;

    /// <summary>BPF_RINGBUF_DISCARD_BIT: committed, and to be skipped.</summary>
    public const uint DiscardBit = 1u << 30;

    /// <summary>Records begin and end at multiples of this.</summary>
    public const int Alignment = 8;

    /// <summary>Bytes of payload, whatever the flags.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint PayloadLength(uint header) => header & ~(BusyBit | DiscardBit);

    /// <summary>Bytes from this record's header to the next one's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Step(uint header) =>
        (PayloadLength(header) + HeaderSize + (Alignment - 1)) & ~(uint)(Alignment - 1);

    public static bool IsBusy(uint header) => (header & BusyBit) != 0;
}
