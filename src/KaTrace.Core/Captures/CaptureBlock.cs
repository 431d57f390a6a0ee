using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using KaTrace.Events;
using KaTrace.Ring;
using KaTrace.V1;

namespace KaTrace.Captures;

/// <summary>Records on their way into a file, and what has to stand before them. Filled by one thread, then handed to another.</summary>
internal sealed class CaptureBlock
{
    public const int MostBytes = 256 * 1024;

    private static readonly int FrameSize = (int)RingLayout.Step((uint)Unsafe.SizeOf<EventRecord>());

    private readonly byte[] _body = new byte[MostBytes];
    private RecordsInfo _info;
    private int _length;

    /// <summary>Processes that the file has not been told of yet.</summary>
    public List<CaptureProcess> Processes { get; } = [];

    /// <summary>Those told of before this block will be told of again if they are needed: a new file need not repeat them.</summary>
    public bool ForgetsProcesses { get; set; }

    public ref readonly RecordsInfo Info => ref _info;

    public ReadOnlySpan<byte> Body => _body.AsSpan(0, _length);

    public bool IsEmpty => _info is { Records: 0, LostNs: 0 };

    public bool IsFull => _length + FrameSize > _body.Length;

    /// <summary>The clocks' distance, for all of its events.</summary>
    public long RealtimeOffsetNs
    {
        get => _info.RealtimeOffsetNs;
        set => _info.RealtimeOffsetNs = value;
    }

    /// <summary>Copies the record, behind a header as the ring's.</summary>
    public void Add(in EventRecord record)
    {
        Span<byte> frame = _body.AsSpan(_length, FrameSize);
        MemoryMarshal.Write(frame, (ulong)Unsafe.SizeOf<EventRecord>());
        MemoryMarshal.Write(frame[RingLayout.HeaderSize..], in record);
        _length += FrameSize;
        _info.FirstNs = _info.Records == 0 ? record.TimeNs : Math.Min(_info.FirstNs, record.TimeNs);
        _info.LastNs = Math.Max(_info.LastNs, record.TimeNs);
        _info.Records++;
    }

    public bool CanAddLost(Lost.Types.Place place, ulong monotonicNs) =>
        _info.LostNs == 0 || (_info.LostNs == monotonicNs && _info.Lost[(int)place] == 0);

    /// <summary>A notice of loss, which comes behind the records: none may be added after it.</summary>
    public void AddLost(Lost.Types.Place place, ulong count, ulong monotonicNs)
    {
        _info.LostNs = monotonicNs;
        _info.Lost[(int)place] = count;
    }

    public void Clear()
    {
        _info = default;
        _length = 0;
        ForgetsProcesses = false;
        Processes.Clear();
    }
}
