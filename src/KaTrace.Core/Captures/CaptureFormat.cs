using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KaTrace.Captures;

/// <summary>The numbers of <c>proto/FORMAT.md</c>.</summary>
internal static class CaptureFormat
{
    public const uint Version = 1;
    public const uint BlockMagic = 0x3142544B; // "KTB1"
    public const int FileHeadSize = 16;
    public const int ChecksumSize = sizeof(ulong);
    public const int Alignment = 8;
    public const int MostInfo = 64 * 1024;
    public const int MostBody = 16 * 1024 * 1024;

    public static ReadOnlySpan<byte> Magic => [0x89, (byte)'K', (byte)'A', (byte)'T', (byte)'R', (byte)'A', (byte)'C', (byte)'E'];

    public static int Align(int length) => (length + (Alignment - 1)) & ~(Alignment - 1);

    /// <summary>Bytes of a whole block.</summary>
    public static int BlockLength(in BlockHead head) =>
        Unsafe.SizeOf<BlockHead>() + (int)head.InfoLength + Align((int)head.BodyLength) + ChecksumSize;
}

internal enum BlockKind : ushort
{
    Header = 1,
    Processes = 2,
    Records = 3,
    End = 4,
    Snapshot = 5,
}

internal enum Compression : ushort
{
    None = 0,
    Zstd = 1,
}

/// <summary>What a block begins with.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct BlockHead
{
    public uint Magic;
    public BlockKind Kind;
    public Compression Compression;
    public uint InfoLength;
    public uint BodyLength;
    public uint RawLength;
    public uint Zero;
}

/// <summary>The info of a block of records.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RecordsInfo
{
    public ulong FirstNs;
    public ulong LastNs;
    public long RealtimeOffsetNs;
    public ulong LostNs;
    public uint Records;
    public uint Zero;
    public LostByPlace Lost;
}

/// <summary>The info of a part of a snapshot.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SnapshotInfo
{
    /// <summary>Before the first socket was looked at: names the snapshot within its file.</summary>
    public ulong BegunNs;

    /// <summary>After the last.</summary>
    public ulong EndedNs;
    public long RealtimeOffsetNs;

    /// <summary>From 1.</summary>
    public uint Part;

    /// <summary>1: no part follows.</summary>
    public uint IsLast;
}

/// <summary>Indexed by <see cref="V1.Lost.Types.Place"/>.</summary>
[InlineArray(Length)]
internal struct LostByPlace
{
    public const int Length = 16;

    private ulong _first;
}
