using System.Buffers;
using System.Numerics;

namespace KaTrace.Server.Hosting;

/// <summary>Memory for messages on their way out, a piece each: the server's own blocks are of 4 KiB, and the pool of the runtime
/// keeps no more than 32 large ones for a processor, where every subscriber may need one at once.</summary>
/// <param name="blocks">Of the server, for what is small.</param>
internal sealed class MessageBuffers(MemoryPool<byte> blocks) : MemoryPool<byte>
{
    /// <summary>The longest piece: a message, and what gRPC and HTTP/2 put around it.</summary>
    public const int MostBytes = 256 * 1024;

    /// <summary>Kept while nobody uses it; what is more is garbage.</summary>
    public const long MostKeptBytes = 16 << 20;

    private readonly Lock _lock = new();

    /// <summary>By the logarithm of their length.</summary>
    private readonly Stack<Piece>[] _kept = [.. Enumerable.Range(0, BitOperations.Log2(MostBytes) + 1).Select(_ => new Stack<Piece>())];

    private long _keptBytes;

    public override int MaxBufferSize => MostBytes;

    /// <summary>Of pieces that nobody uses.</summary>
    public long KeptBytes
    {
        get
        {
            lock (_lock)
                return _keptBytes;
        }
    }

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        if (minBufferSize <= blocks.MaxBufferSize)
            return blocks.Rent(minBufferSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, MostBytes);
        int length = (int)BitOperations.RoundUpToPowerOf2((uint)minBufferSize);
        lock (_lock)
        {
            if (_kept[BitOperations.Log2((uint)length)].TryPop(out Piece? kept))
            {
                _keptBytes -= length;
                return kept;
            }
        }

        return new Piece(this, length);
    }

    protected override void Dispose(bool disposing)
    {
    }

    private void Return(Piece piece)
    {
        int length = piece.Memory.Length;
        lock (_lock)
        {
            if (_keptBytes + length > MostKeptBytes)
                return;
            _kept[BitOperations.Log2((uint)length)].Push(piece);
            _keptBytes += length;
        }
    }

    private sealed class Piece(MessageBuffers pool, int length) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory { get; } = GC.AllocateUninitializedArray<byte>(length);

        public void Dispose() => pool.Return(this);
    }
}
