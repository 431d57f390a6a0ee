using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Google.Protobuf;
using KaTrace.Interop;
using KaTrace.V1;
using Microsoft.Win32.SafeHandles;
using ZstdSharp;

namespace KaTrace.Captures;

/// <summary>One file of a recording: a block is in it as a whole, or not at all.</summary>
internal sealed class CaptureFile : IDisposable
{
    /// <summary>Of a file with more blocks of records there is no index: it would become too large for a block.</summary>
    public const int MostIndexed = 64 * 1024;

    private const int ZstdLevel = 1;

    private readonly FileStream _stream;
    private readonly bool _isOurs;
    private readonly Compressor? _compressor;
    private readonly CaptureEnd _end = new();
    private int _blocks;
    private bool _isNameSynced;
    private byte[] _block = new byte[CaptureBlock.MostBytes];

    private CaptureFile(FileStream stream, string path, Compression compression)
    {
        (_stream, Path, _isOurs) = (stream, path, path != "-");
        if (compression == Compression.Zstd)
            _compressor = new Compressor(ZstdLevel);
    }

    public string Path { get; }

    public long Length { get; private set; }

    /// <summary>So many bytes are kept free for the last block.</summary>
    public int RoomForEnd => 256 + (40 * _end.Block.Count);

    /// <exception cref="IOException">It is there already, or cannot be made.</exception>
    public static CaptureFile Create(string path, CaptureHeader header, Compression compression)
    {
        // Not by Console, which would swallow a closed pipe.
        FileStream stream = path == "-" ? new(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0) : new(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite,
            BufferSize = 0,
            // Command lines hold secrets.
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        CaptureFile file = new(stream, path, compression);
        try
        {
            file.Begin(header);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Makes a block ready, and says how long it will be: see <see cref="WritePrepared"/>.</summary>
    public int Prepare(BlockKind kind, ReadOnlySpan<byte> info, ReadOnlySpan<byte> body)
    {
        int bodyAt = Unsafe.SizeOf<BlockHead>() + info.Length;
        int most = bodyAt + CaptureFormat.Align(Math.Max(body.Length, _compressor is null ? 0 : Compressor.GetCompressBound(body.Length))) + CaptureFormat.ChecksumSize;
        if (_block.Length < most)
            _block = new byte[most];

        BlockHead head = new() { Magic = CaptureFormat.BlockMagic, Kind = kind, InfoLength = (uint)info.Length, RawLength = (uint)body.Length };
        info.CopyTo(_block.AsSpan(Unsafe.SizeOf<BlockHead>()));
        head.BodyLength = (uint)Put(body, bodyAt, ref head.Compression);
        int bodyEnd = bodyAt + (int)head.BodyLength;
        int checksumAt = CaptureFormat.BlockLength(in head) - CaptureFormat.ChecksumSize;
        _block.AsSpan(bodyEnd, checksumAt - bodyEnd).Clear();
        MemoryMarshal.Write(_block, in head);
        MemoryMarshal.Write(_block.AsSpan(checksumAt), XxHash3.HashToUInt64(_block.AsSpan(0, checksumAt)));
        return CaptureFormat.BlockLength(in head);
    }

    /// <summary>Writes the block that was made ready, and notes it in the index.</summary>
    /// <exception cref="IOException">It is not in the file then.</exception>
    public void WritePrepared(int length, in RecordsInfo info = default)
    {
        long offset = Length;
        Append(_block.AsSpan(0, length));
        _end.Events += info.Records;
        Index(offset, in info);
    }

    /// <summary>The last block.</summary>
    public void End(CaptureEnd summary)
    {
        _end.MergeFrom(summary);
        Append(_block.AsSpan(0, Prepare(BlockKind.End, [], _end.ToByteArray())));
    }

    /// <summary>Forces what was written onto the disk; the first time, that the file is there at all.</summary>
    public void Sync()
    {
        if (!_isOurs)
            return;
        _stream.Flush(flushToDisk: true);
        if (!_isNameSynced)
            Libc.SyncDirectory(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!);
        _isNameSynced = true;
    }

    public void Dispose()
    {
        _compressor?.Dispose();
        _stream.Dispose();
    }

    private void Begin(CaptureHeader header)
    {
        Span<byte> head = stackalloc byte[CaptureFormat.FileHeadSize];
        head.Clear();
        CaptureFormat.Magic.CopyTo(head);
        MemoryMarshal.Write(head[CaptureFormat.Magic.Length..], CaptureFormat.Version);
        Append(head);
        WritePrepared(Prepare(BlockKind.Header, [], header.ToByteArray()));
    }

    /// <returns>Bytes of the body as it is stored.</returns>
    private int Put(ReadOnlySpan<byte> body, int at, ref Compression compression)
    {
        if (_compressor is not null && !body.IsEmpty)
        {
            int length = _compressor.Wrap(body, _block.AsSpan(at));
            if (length < body.Length)
            {
                compression = Compression.Zstd;
                return length;
            }
        }

        body.CopyTo(_block.AsSpan(at));
        return body.Length;
    }

    private void Index(long offset, in RecordsInfo info)
    {
        if (info is { Records: 0, LostNs: 0 } || _blocks++ > MostIndexed)
            return;
        _end.Block.Add(new CaptureEnd.Types.Block { Offset = (ulong)offset, FirstNs = info.FirstNs, LastNs = info.LastNs, Records = info.Records });
        if (_blocks > MostIndexed)
            _end.Block.Clear();
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        try
        {
            _stream.Write(bytes);
            Length += bytes.Length;
        }
        catch (IOException) when (_isOurs)
        {
            // Some of it may be there.
            _stream.SetLength(Length);
            throw;
        }
    }
}
