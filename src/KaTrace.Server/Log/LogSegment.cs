using System.Runtime.CompilerServices;
using KaTrace.Events;
using KaTrace.Output;
using KaTrace.Processes;
using KaTrace.V1;

namespace KaTrace.Server.Log;

/// <summary>A run of events, encoded once: their bytes side by side, so that any part of the run is a batch as it stands, and beside
/// them what filters ask about. One thread appends; others read what has been published.</summary>
internal sealed class LogSegment
{
    public const int MaxEvents = 1024;

    /// <summary>With what gRPC and HTTP/2 put around it, a message is to fit into 256 KiB, of which arrays are pooled.</summary>
    private const int EncodedBytes = 252 * 1024;

    /// <summary>Memory that one takes.</summary>
    public static readonly int Bytes = EncodedBytes + (MaxEvents * (Unsafe.SizeOf<EventRecord>() + Unsafe.SizeOf<ProcessIdentity>() + sizeof(int)));

    private readonly byte[] _encoded = GC.AllocateUninitializedArray<byte>(EncodedBytes);
    private readonly int[] _ends = GC.AllocateUninitializedArray<int>(MaxEvents);
    private readonly EventRecord[] _records = GC.AllocateUninitializedArray<EventRecord>(MaxEvents);
    private readonly ProcessIdentity?[] _processes = new ProcessIdentity?[MaxEvents];
    private int _length;

    /// <summary>Of its first event.</summary>
    public ulong FirstSequence { get; private set; }

    public int Count { get; private set; }

    /// <summary>Some of its events are of this very process.</summary>
    public bool HasOwn { get; private set; }

    /// <summary>Of the log and of those who read it now; guarded by the log's lock.</summary>
    public int References { get; set; }

    public void Begin(ulong firstSequence)
    {
        (FirstSequence, Count, HasOwn, _length) = (firstSequence, 0, false, 0);
    }

    /// <returns>False if it has no room.</returns>
    public bool TryAppend(in EventRecord record, ProcessIdentity? process, bool isOwn, in KernelClock clock)
    {
        if (!HasRoom(process))
            return false;
        HasOwn |= isOwn;
        _records[Count] = record;
        _processes[Count] = process;
        End(ProtoEventWriter.Write(_encoded.AsSpan(_length), in record, process, FirstSequence + (uint)Count, in clock));
        return true;
    }

    /// <returns>False if it has no room.</returns>
    public bool TryAppendLost(Lost.Types.Place place, ulong count, ulong monotonicNs, in KernelClock clock)
    {
        if (!HasRoom(null))
            return false;
        _records[Count] = new RawEvent { TimeNs = monotonicNs }.ToRecord();
        _processes[Count] = null;
        End(ProtoEventWriter.WriteLost(_encoded.AsSpan(_length), place, count, monotonicNs, FirstSequence + (uint)Count, in clock));
        return true;
    }

    /// <summary>Of a notice of loss, only the time is set.</summary>
    public ref readonly EventRecord Record(int index) => ref _records[index];

    public ProcessIdentity? Process(int index) => _processes[index];

    public bool IsLost(int index) => _records[index].Kind == 0;

    /// <summary>The events from <paramref name="first"/> up to <paramref name="end"/>, as the content of an <see cref="EventBatch"/>.</summary>
    public ReadOnlySpan<byte> Encoded(int first, int end)
    {
        int start = first == 0 ? 0 : _ends[first - 1];
        return end == 0 ? [] : _encoded.AsSpan(start, _ends[end - 1] - start);
    }

    /// <summary>Up to where the events from <paramref name="first"/> fit into so many bytes: <paramref name="end"/> at most, and
    /// behind one at least.</summary>
    public int LastWithin(int first, int end, int bytes)
    {
        int start = first == 0 ? 0 : _ends[first - 1];
        if (_ends[end - 1] - start <= bytes)
            return end;
        int found = Array.BinarySearch(_ends, first, end - first, start + bytes);
        return Math.Max(first + 1, found >= 0 ? found + 1 : ~found);
    }

    private bool HasRoom(ProcessIdentity? process) => Count < MaxEvents && _encoded.Length - _length >= ProtoEventWriter.MaxLength(process);

    private void End(int length)
    {
        _length += length;
        _ends[Count++] = _length;
    }
}
