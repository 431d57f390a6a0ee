using System.Buffers;
using System.Runtime.InteropServices;
using KaTrace.Interop;

namespace KaTrace.Ring;

/// <summary>The memory that a BPF ring buffer shares with its one reader: the consumer's position, the producer's position,
/// and the data, mapped twice in a row so that no record wraps.</summary>
/// <remarks>
/// Positions count bytes since the map was made and never go round; <see cref="IndexOf"/> turns one into a place in the data.
/// As a <see cref="MemoryManager{T}"/> it spans both copies of the data, which only the kernel may write. Disposing unmaps:
/// spans that were handed out are then dangling, so it belongs to whoever knows that none is in use.
/// </remarks>
internal sealed unsafe class RingMemory : MemoryManager<byte>
{
    // Both copies have to fit into the length of a span.
    private const int MaxSize = 1 << 29;

    private readonly MappedRegion? _consumerPage;
    private readonly MappedRegion? _producerPages;
    private readonly ulong* _consumerPosition;
    private readonly ulong* _producerPosition;
    private readonly byte* _data;
    private bool _disposed;

    /// <summary>Over memory that the caller laid out like a ring, and keeps: plain memory will do, no kernel is needed.</summary>
    /// <param name="consumerPosition">Read once at the start, then written.</param>
    /// <param name="producerPosition">Only read.</param>
    /// <param name="data">Twice <paramref name="size"/> bytes, the second half always equal to the first.</param>
    /// <param name="size">A power of two.</param>
    public RingMemory(ulong* consumerPosition, ulong* producerPosition, byte* data, int size)
    {
        if (size is <= 0 or > MaxSize || (size & (size - 1)) != 0)
            throw new ArgumentOutOfRangeException(nameof(size), size, $"A power of two, at most {MaxSize}.");
        _consumerPosition = consumerPosition;
        _producerPosition = producerPosition;
        _data = data;
        Size = size;
    }

    private RingMemory(MappedRegion consumerPage, MappedRegion producerPages, int size)
        : this((ulong*)consumerPage.Address, (ulong*)producerPages.Address,
            producerPages.Address + Environment.SystemPageSize, size)
    {
        _consumerPage = consumerPage;
        _producerPages = producerPages;
    }

    /// <summary>Bytes of data, as max_entries of the map.</summary>
    public int Size { get; }

    /// <summary>Maps a ring of the kernel. The mappings keep the map alive; <paramref name="mapFd"/> stays the caller's.</summary>
    /// <exception cref="IOException">The kernel refused: not a ring buffer, or not of this size.</exception>
    public static RingMemory Map(int mapFd, int size)
    {
        int page = Environment.SystemPageSize;
        MappedRegion consumerPage =
            MappedRegion.Map(mapFd, 0, (nuint)page, writable: true, "the ring's consumer page");
        try
        {
            MappedRegion producerPages = MappedRegion.Map(
                mapFd, page, (nuint)page + 2 * (nuint)size, writable: false, "the ring's producer page and data");
            try
            {
                return new RingMemory(consumerPage, producerPages, size);
            }
            catch
            {
                producerPages.Dispose();
                throw;
            }
        }
        catch
        {
            consumerPage.Dispose();
            throw;
        }
    }

    /// <summary>Where the data of a position begins, in the first copy.</summary>
    public int IndexOf(ulong position) => (int)(position & (ulong)(Size - 1));

    /// <summary>Acquire: what the kernel wrote before it moved its position is visible after this.</summary>
    public ulong ReadProducerPosition() => Volatile.Read(ref *_producerPosition);

    public ulong ReadConsumerPosition() => Volatile.Read(ref *_consumerPosition);

    /// <summary>Release: whatever was read from the data before this was read from the old record.</summary>
    public void WriteConsumerPosition(ulong position) => Volatile.Write(ref *_consumerPosition, position);

    /// <summary>The length word of the record at a position below the producer's. Acquire.</summary>
    public uint ReadHeader(ulong position) => Volatile.Read(ref *(uint*)(_data + IndexOf(position)));

    /// <inheritdoc/>
    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new Span<byte>(_data, 2 * Size);
    }

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)(2 * Size), nameof(elementIndex));
        return new MemoryHandle(_data + elementIndex, pinnable: this);
    }

    /// <summary>Nothing to do: the memory is not the garbage collector's.</summary>
    public override void Unpin()
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (_disposed)
            return;
        _disposed = true;
        _producerPages?.Dispose();
        _consumerPage?.Dispose();
    }
}
