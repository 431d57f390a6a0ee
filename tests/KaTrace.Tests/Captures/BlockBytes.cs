using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using KaTrace.Captures;

namespace KaTrace.Tests.Captures;

/// <summary>Blocks in the bytes of a capture, and what no recorder writes: blocks that lie, under a checksum that fits.</summary>
internal static class BlockBytes
{
    private static readonly int HeadSize = Unsafe.SizeOf<BlockHead>();

    public delegate void Change<T>(ref T value);

    public static IEnumerable<(int Offset, int End, BlockKind Kind)> Find(byte[] capture)
    {
        for (int at = CaptureFormat.FileHeadSize; at < capture.Length;)
        {
            BlockHead head = MemoryMarshal.Read<BlockHead>(capture.AsSpan(at));
            int end = at + CaptureFormat.BlockLength(in head);
            yield return (at, end, head.Kind);
            at = end;
        }
    }

    /// <summary>Lines that a block of records shows: its events and losses.</summary>
    public static int Lines(byte[] capture, (int Offset, int End, BlockKind Kind) block)
    {
        RecordsInfo info = MemoryMarshal.Read<RecordsInfo>(capture.AsSpan(block.Offset + HeadSize));
        int lost = 0;
        foreach (ulong count in info.Lost)
            lost += count > 0 ? 1 : 0;
        return (int)info.Records + lost;
    }

    public static byte[] With(byte[] capture, (int Offset, int End, BlockKind Kind) block, Change<BlockHead> change) =>
        Changed(capture, block, block.Offset, change);

    public static byte[] WithInfo(byte[] capture, (int Offset, int End, BlockKind Kind) block, Change<RecordsInfo> change) =>
        Changed(capture, block, block.Offset + HeadSize, change);

    public static byte[] WithFirstRecordHeader(byte[] capture, (int Offset, int End, BlockKind Kind) block, uint header) =>
        Changed(capture, block, block.Offset + HeadSize + Unsafe.SizeOf<RecordsInfo>(), (ref uint value) => value = header);

    private static byte[] Changed<T>(byte[] capture, (int Offset, int End, BlockKind Kind) block, int at, Change<T> change)
        where T : unmanaged
    {
        byte[] changed = [.. capture];
        change(ref MemoryMarshal.AsRef<T>(changed.AsSpan(at)));
        Span<byte> whole = changed.AsSpan(block.Offset, block.End - block.Offset);
        MemoryMarshal.Write(whole[^CaptureFormat.ChecksumSize..], XxHash3.HashToUInt64(whole[..^CaptureFormat.ChecksumSize]));
        return changed;
    }
}
