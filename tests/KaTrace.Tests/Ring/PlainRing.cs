using System.Runtime.InteropServices;
using KaTrace.Ring;

namespace KaTrace.Tests.Ring;

/// <summary>A ring of plain memory with the kernel's side of it: reserve and commit as bpf_ringbuf does them. Both copies of the
/// data are written, since nothing maps them twice.</summary>
internal sealed unsafe class PlainRing : IDisposable
{
    private readonly ulong* _positions;
    private readonly byte* _data;

    /// <param name="start">Where both positions begin: a ring in use for a while.</param>
    public PlainRing(int size, ulong start = 0)
    {
        _positions = (ulong*)NativeMemory.AlignedAlloc(2 * sizeof(ulong), sizeof(ulong));
        _data = (byte*)NativeMemory.AlignedAlloc(2 * (nuint)size, 4096);
        // A ring is not zeroed between records: whatever is read by mistake should show.
        NativeMemory.Fill(_data, 2 * (nuint)size, 0xEE);
        _positions[0] = _positions[1] = start;
        Size = size;
        Memory = Map();
    }

    public int Size { get; }

    public RingMemory Memory { get; }

    public ulong ConsumerPosition => Memory.ReadConsumerPosition();

    public ulong ProducerPosition => Memory.ReadProducerPosition();

    /// <summary>Commits at which the kernel would have woken the reader.</summary>
    public int WakeUps { get; private set; }

    /// <summary>The ring as another process would map it, a pinned map say.</summary>
    public RingMemory Map() => new(_positions, _positions + 1, _data, Size);

    /// <summary>A busy record at the producer's position, or null if the ring is full.</summary>
    public ulong? Reserve(int length)
    {
        ulong position = ProducerPosition;
        ulong end = position + (ulong)((length + 15) & ~7);
        if (end - ConsumerPosition > (ulong)Size - 1)
            return null;
        WriteWord(position, (uint)length | 0x8000_0000);
        Volatile.Write(ref _positions[1], end);
        return position;
    }

    public void Fill(ulong position, ReadOnlySpan<byte> payload)
    {
        for (int i = 0; i < payload.Length; i++)
            WriteByte(position + 8 + (ulong)i, payload[i]);
    }

    public void Commit(ulong position, bool discard = false)
    {
        uint header = Memory.ReadHeader(position) & 0x3FFF_FFFF;
        WriteWord(position, discard ? header | 0x4000_0000 : header);
        if (Memory.IndexOf(ConsumerPosition) == Memory.IndexOf(position))
            WakeUps++;
    }

    /// <summary>Reserves, fills and commits.</summary>
    public ulong? Produce(ReadOnlySpan<byte> payload, bool discard = false)
    {
        if (Reserve(payload.Length) is not { } position)
            return null;
        Fill(position, payload);
        Commit(position, discard);
        return position;
    }

    /// <summary>What no kernel does: claims another length in a committed record.</summary>
    public void Damage(ulong position, uint header) => WriteWord(position, header);

    public void Dispose()
    {
        NativeMemory.AlignedFree(_data);
        NativeMemory.AlignedFree(_positions);
    }

    private void WriteByte(ulong position, byte value)
    {
        int index = Memory.IndexOf(position);
        _data[index] = value;
        _data[index + Size] = value;
    }

    private void WriteWord(ulong position, uint value)
    {
        int index = Memory.IndexOf(position);
        Volatile.Write(ref *(uint*)(_data + index), value);
        Volatile.Write(ref *(uint*)(_data + index + Size), value);
    }
}
