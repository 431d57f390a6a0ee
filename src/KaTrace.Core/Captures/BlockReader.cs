using System.Globalization;
using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ZstdSharp;

namespace KaTrace.Captures;

/// <summary>Takes a capture apart into blocks, front to back, whole and checked. The file may be a pipe, and may be anybody's:
/// memory is bounded by the largest block there may be.</summary>
/// <remarks>Not thread-safe. What it gives out is valid until the next block is read.</remarks>
internal sealed class BlockReader(Stream stream, string name) : IDisposable
{
    private static readonly int HeadSize = Unsafe.SizeOf<BlockHead>();

    private Decompressor? _decompressor;
    private byte[] _block = new byte[4096];
    private byte[] _raw = [];
    private BlockHead _head;

    public string Name => name;

    public bool CanSeek => stream.CanSeek;

    /// <summary>Where the block begins.</summary>
    public long Offset { get; private set; }

    /// <summary>Where the next one does.</summary>
    public long End { get; private set; }

    public BlockKind Kind => _head.Kind;

    public ref readonly BlockHead Head => ref _head;

    public ReadOnlySpan<byte> Info => _block.AsSpan(HeadSize, (int)_head.InfoLength);

    /// <summary>Bytes behind the last whole block, where the file ends within one.</summary>
    public int CutBytes { get; private set; }

    /// <exception cref="InvalidDataException">It is no capture, or one of another version.</exception>
    public void ReadFileHead()
    {
        Span<byte> head = stackalloc byte[CaptureFormat.FileHeadSize];
        int length = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        if (length == 0)
            throw CaptureDamage.NotACapture(name, "it is empty");
        if (!head[..length].StartsWith(CaptureFormat.Magic[..Math.Min(length, CaptureFormat.Magic.Length)]))
            throw CaptureDamage.NotACapture(name, "it does not begin as a .katrace file does");
        if (length < head.Length)
            throw CaptureDamage.NotACapture(name, "it ends within its first 16 bytes");
        uint version = MemoryMarshal.Read<uint>(head[CaptureFormat.Magic.Length..]);
        if (version != CaptureFormat.Version)
            throw CaptureDamage.NotACapture(name, string.Create(CultureInfo.InvariantCulture, $"its format is version {version}, and this katrace reads version {CaptureFormat.Version}"));
        End = length;
    }

    /// <summary>False at the end of the file, which may be within a block: see <see cref="CutBytes"/>.</summary>
    /// <exception cref="InvalidDataException">The block is damaged.</exception>
    public bool TryRead()
    {
        Offset = End;
        int length = stream.ReadAtLeast(_block.AsSpan(0, HeadSize), HeadSize, throwOnEndOfStream: false);
        if (length < HeadSize)
            return EndOfFile(length);
        _head = MemoryMarshal.Read<BlockHead>(_block);
        CheckHead();

        int whole = CaptureFormat.BlockLength(in _head);
        length = Fill(length, whole);
        if (length < whole)
            return EndOfFile(length);
        int checksumAt = whole - CaptureFormat.ChecksumSize;
        if (XxHash3.HashToUInt64(_block.AsSpan(0, checksumAt)) != MemoryMarshal.Read<ulong>(_block.AsSpan(checksumAt)))
            throw Damage("its checksum does not fit");
        End = Offset + whole;
        return true;
    }

    /// <summary>The body, uncompressed; begins at a multiple of 8.</summary>
    /// <exception cref="InvalidDataException">It is not compressed as its head says.</exception>
    public ReadOnlyMemory<byte> ReadBody()
    {
        ReadOnlyMemory<byte> stored = _block.AsMemory(HeadSize + (int)_head.InfoLength, (int)_head.BodyLength);
        switch (_head.Compression)
        {
            case Compression.None when _head.BodyLength == _head.RawLength:
                return stored;
            case Compression.None:
                throw Damage("it is not compressed, and yet has two lengths");
            case Compression.Zstd:
                return Decompress(stored.Span);
            default:
                throw Damage($"its compression {(int)_head.Compression} is unknown");
        }
    }

    public InvalidDataException Damage(string what) => CaptureDamage.At(name, Offset, what);

    public void Dispose()
    {
        _decompressor?.Dispose();
        stream.Dispose();
    }

    /// <summary>The rest of the block. What it claims may be a lie: memory grows by what really comes.</summary>
    private int Fill(int length, int whole)
    {
        while (length < whole)
        {
            if (length == _block.Length)
                Array.Resize(ref _block, 4 * length);
            int read = stream.Read(_block.AsSpan(length, Math.Min(_block.Length, whole) - length));
            if (read == 0)
                break;
            length += read;
        }

        return length;
    }

    private void CheckHead()
    {
        if (_head.Magic != CaptureFormat.BlockMagic)
            throw Damage("no block begins there");
        if (_head.InfoLength > CaptureFormat.MostInfo || _head.InfoLength % CaptureFormat.Alignment != 0)
            throw Damage($"the length of its info is {_head.InfoLength}");
        if (_head.BodyLength > CaptureFormat.MostBody || _head.RawLength > CaptureFormat.MostBody)
            throw Damage($"it claims {Math.Max(_head.BodyLength, _head.RawLength)} bytes, more than a block has");
    }

    private bool EndOfFile(int length)
    {
        CutBytes = length;
        return false;
    }

    private ReadOnlyMemory<byte> Decompress(ReadOnlySpan<byte> stored)
    {
        int length = (int)_head.RawLength;
        try
        {
            if (Decompressor.GetDecompressedSize(stored) != (ulong)length)
                throw Damage("it does not decompress to what it claims");
            if (_raw.Length < length)
                _raw = new byte[length];
            _decompressor ??= new Decompressor();
            if (_decompressor.TryUnwrap(stored, _raw.AsSpan(0, length), out int written) && written == length)
                return _raw.AsMemory(0, length);
        }
        catch (ZstdException)
        {
            // Said below.
        }

        throw Damage("it does not decompress to what it claims");
    }
}
