using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Google.Protobuf;
using KaTrace.Events;
using KaTrace.Ring;
using KaTrace.V1;

namespace KaTrace.Captures;

/// <summary>A capture as it is read, block by block: its records, and what else is known where they stand.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class Capture : IDisposable
{
    private readonly BlockReader _blocks;
    private readonly RecordTranslator? _translator;
    private RecordsInfo _info;

    private Capture(BlockReader blocks, CaptureHeader header, RecordTranslator? translator)
    {
        (_blocks, Header, _translator) = (blocks, header, translator);
        Clock = new KernelClock(header.Hz, header.RealtimeOffsetNs);
    }

    public string Name => _blocks.Name;

    /// <summary>Not of a pipe.</summary>
    public bool CanBeReadAgain => _blocks.CanSeek;

    public CaptureHeader Header { get; }

    /// <summary>Null while it was not read to its end, and where it was cut.</summary>
    public CaptureEnd? End { get; private set; }

    /// <summary>Bytes behind the last whole block.</summary>
    public int CutBytes => _blocks.CutBytes;

    /// <summary>Bytes read, whole blocks only.</summary>
    public long Length => _blocks.End;

    /// <summary>Where the last block is, and how long.</summary>
    public long BlockOffset => _blocks.Offset;

    public long BlockLength => _blocks.End - _blocks.Offset;

    /// <summary>Of the last block.</summary>
    public ref readonly RecordsInfo Info => ref _info;

    /// <summary>For the times of the last block's records.</summary>
    public KernelClock Clock { get; private set; }

    public CapturedProcesses Processes { get; } = new();

    /// <summary>Told of each part of a snapshot on the way to the records behind it; null: they are passed over.</summary>
    public SnapshotReader? OnSnapshot { get; set; }

    /// <param name="info">Which part it is.</param>
    /// <param name="read">Its content, which is read only if it is asked for.</param>
    public delegate void SnapshotReader(in SnapshotInfo info, Func<CaptureSnapshot> read);

    /// <param name="path">"-" is standard input.</param>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="InvalidDataException">It is no capture.</exception>
    public static Capture Open(string path) => path == "-"
        ? Read(Console.OpenStandardInput(), "standard input")
        : Read(OpenFile(path), path);

    /// <param name="stream">Disposed with the capture.</param>
    /// <param name="name">For messages.</param>
    /// <exception cref="InvalidDataException">It is no capture.</exception>
    public static Capture Read(Stream stream, string name)
    {
        BlockReader blocks = new(stream, name);
        try
        {
            blocks.ReadFileHead();
            if (!blocks.TryRead())
                throw CaptureDamage.NotACapture(name, "it ends before its header is whole");
            if (blocks.Kind != BlockKind.Header)
                throw CaptureDamage.NotACapture(name, "it does not begin with a header");
            CaptureHeader header = Parse(blocks, CaptureHeader.Parser);
            if (header.Hz is 0 or > 1_000_000)
                throw CaptureDamage.NotACapture(name, string.Create(CultureInfo.InvariantCulture, $"its kernel would have {header.Hz} jiffies a second"));
            RecordTranslator? translator = RecordTranslator.For(header.Layout, out string? error);
            return error is null ? new Capture(blocks, header, translator) : throw CaptureDamage.NotACapture(name, error);
        }
        catch
        {
            blocks.Dispose();
            throw;
        }
    }

    /// <summary>Reads on to the next records. There may be none in a block that tells of losses.</summary>
    /// <param name="records">Frames as of the ring, all committed. Valid until the next call.</param>
    /// <returns>False at the end.</returns>
    /// <exception cref="InvalidDataException">The file is damaged here. All before was whole.</exception>
    public bool TryReadRecords(out ReadOnlyMemory<byte> records)
    {
        while (_blocks.TryRead())
        {
            if (End is not null)
                throw _blocks.Damage("the capture had ended before it");
            switch (_blocks.Kind)
            {
                case BlockKind.Processes:
                    Processes.Add(Parse(_blocks, CaptureProcesses.Parser));
                    break;
                case BlockKind.End:
                    End = Parse(_blocks, CaptureEnd.Parser);
                    break;
                case BlockKind.Snapshot when OnSnapshot is not null:
                    OnSnapshot(ReadInfo<SnapshotInfo>(), () => Parse(_blocks, CaptureSnapshot.Parser));
                    break;
                case BlockKind.Records:
                    records = ReadRecords();
                    return true;
            }
        }

        records = default;
        return false;
    }

    public void Dispose() => _blocks.Dispose();

    private static FileStream OpenFile(string path)
    {
        try
        {
            return new FileStream(path, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.ReadWrite, BufferSize = 0 });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"cannot open {path}: {(Directory.Exists(path) ? "it is a directory" : FileTrouble.Reason(e))}", e);
        }
    }

    private static T Parse<T>(BlockReader blocks, MessageParser<T> parser)
        where T : IMessage<T>
    {
        try
        {
            return parser.ParseFrom(blocks.ReadBody().Span);
        }
        catch (InvalidProtocolBufferException)
        {
            throw blocks.Damage($"it holds no message of its kind");
        }
    }

    /// <summary>What is wrong with the block that was read last.</summary>
    public InvalidDataException Damage(string what) => _blocks.Damage(what);

    /// <summary>One of another version may be shorter, or longer.</summary>
    private T ReadInfo<T>()
        where T : unmanaged
    {
        T read = default;
        Span<byte> info = MemoryMarshal.AsBytes(new Span<T>(ref read));
        ReadOnlySpan<byte> theirs = _blocks.Info;
        theirs[..Math.Min(theirs.Length, info.Length)].CopyTo(info);
        return read;
    }

    private ReadOnlyMemory<byte> ReadRecords()
    {
        _info = ReadInfo<RecordsInfo>();
        ReadOnlyMemory<byte> records = _blocks.ReadBody();
        Check(records.Span);
        Clock = new KernelClock(Header.Hz, _info.RealtimeOffsetNs);
        return _translator is null ? records : _translator.Translate(records.Span, (int)_info.Records);
    }

    /// <summary>Before anything of it is shown. The bytes are in the cache by their checksum, so this costs next to nothing, as long as
    /// no header is waited for: that of the record before is likely the same, and says where the next one is.</summary>
    private void Check(ReadOnlySpan<byte> records)
    {
        uint count = 0, likely = 0;
        int step = 0;
        for (int at = 0; at < records.Length; at += step)
        {
            if (records.Length - at < RingLayout.HeaderSize)
                throw _blocks.Damage($"its record {count + 1} has no room for a header");
            uint header = Unsafe.ReadUnaligned<uint>(in records[at]);
            if (header != likely || count == 0)
            {
                if ((header & (RingLayout.BusyBit | RingLayout.DiscardBit)) != 0)
                    throw _blocks.Damage($"its record {count + 1} was never committed");
                (likely, step) = (header, (int)RingLayout.Step(header));
            }

            if (step > records.Length - at)
                throw _blocks.Damage($"its record {count + 1} claims {header} bytes, more than there are");
            count++;
        }

        if (count != _info.Records)
            throw _blocks.Damage($"it claims {_info.Records} records and has {count}");
    }
}
