using KaTrace.Events;
using KaTrace.Processes;
using KaTrace.V1;

namespace KaTrace.Server.Log;

/// <summary>The latest events, as many as its memory holds: history and the queue of every subscriber in one. A subscriber is a
/// position in it, so that a slow one costs nothing, holds up nobody, and loses the oldest events when it is overtaken.</summary>
/// <remarks>One thread appends and publishes; any number read. Memory is taken as it is needed, and then used again: in the long run
/// no event makes garbage.</remarks>
internal sealed class EventLog : IDisposable
{
    public const long DefaultBytes = 64 << 20;

    private readonly Lock _lock = new();
    private readonly Queue<LogSegment> _spare = [];
    private readonly List<LogSegment> _segments;
    private readonly int _maxSegments;
    private readonly LogWaiters _waiters;
    private LogSegment? _last;
    private ulong _appended = 1;
    private ulong _end = 1;
    private volatile bool _isComplete;

    private readonly uint _ownTgid;

    /// <param name="bytes">Memory for events; that of two segments at least is taken.</param>
    /// <param name="ownTgid">This process in the initial pid namespace: its events are told from others.</param>
    public EventLog(long bytes = DefaultBytes, uint ownTgid = 0)
    {
        _ownTgid = ownTgid;
        _maxSegments = (int)Math.Max(2, bytes / LogSegment.Bytes);
        _segments = new List<LogSegment>(_maxSegments);
        _waiters = new LogWaiters(this);
    }

    public long CapacityBytes => (long)_maxSegments * LogSegment.Bytes;

    /// <summary>Sequence of the event that is published next.</summary>
    public ulong End => Volatile.Read(ref _end);

    /// <summary>No event follows those that are published.</summary>
    public bool IsComplete => _isComplete;

    /// <summary>Sequence of the oldest event that is kept; <see cref="End"/> if none is.</summary>
    public ulong Oldest
    {
        get
        {
            lock (_lock)
                return _segments.Count == 0 ? End : Math.Min(_segments[0].FirstSequence, End);
        }
    }

    /// <summary>Memory taken.</summary>
    public long TakenBytes
    {
        get
        {
            lock (_lock)
                return (long)(_segments.Count + _spare.Count) * LogSegment.Bytes;
        }
    }

    public void Append(in EventRecord record, ProcessIdentity? process, in KernelClock clock)
    {
        if (_last is null || !_last.TryAppend(in record, process, IsOwn(in record), in clock))
        {
            // A process whose texts are longer than a segment does not exist: the kernel limits them.
            _last = BeginSegment();
            if (!_last.TryAppend(in record, process, IsOwn(in record), in clock))
                throw new InvalidOperationException("An event is longer than a segment of the log.");
        }

        _appended++;
    }

    public void AppendLost(Lost.Types.Place place, ulong count, ulong monotonicNs, in KernelClock clock)
    {
        if (_last is null || !_last.TryAppendLost(place, count, monotonicNs, in clock))
        {
            _last = BeginSegment();
            _last.TryAppendLost(place, count, monotonicNs, in clock);
        }

        _appended++;
    }

    /// <summary>Shows readers what was appended.</summary>
    public void Publish()
    {
        if (_appended == _end)
            return;
        Volatile.Write(ref _end, _appended);
        _waiters.Wake();
    }

    /// <summary>Publishes what was appended, and no event will follow: who has read all need not wait.</summary>
    public void Complete()
    {
        Publish();
        _isComplete = true;
        _waiters.Wake();
    }

    /// <summary>The events from <paramref name="sequence"/> on, as far as one segment holds them; none if there are none yet.</summary>
    /// <param name="sequence">If that event is not kept any more, the oldest that is.</param>
    /// <param name="missed">How many events lie between the two.</param>
    /// <returns>To be given to <see cref="Release"/> as soon as its bytes were copied.</returns>
    public LogSlice Read(ulong sequence, out ulong missed)
    {
        missed = 0;
        lock (_lock)
        {
            ulong end = End;
            if (_segments.Count == 0 || sequence >= end)
                return default;
            if (_segments[0].FirstSequence > sequence)
            {
                missed = Math.Min(_segments[0].FirstSequence, end) - sequence;
                sequence += missed;
                if (sequence == end)
                    return default;
            }

            int index = IndexOf(sequence);
            LogSegment segment = _segments[index];
            ulong segmentEnd = index + 1 < _segments.Count ? _segments[index + 1].FirstSequence : end;
            segment.References++;
            return new LogSlice(segment, (int)(sequence - segment.FirstSequence), (int)(Math.Min(segmentEnd, end) - segment.FirstSequence));
        }
    }

    /// <summary>The events before <paramref name="sequence"/>, as far as one segment holds them; none if none are kept.</summary>
    /// <returns>To be given to <see cref="Release"/>.</returns>
    public LogSlice ReadBefore(ulong sequence)
    {
        lock (_lock)
        {
            sequence = Math.Min(sequence, End);
            if (_segments.Count == 0 || _segments[0].FirstSequence >= sequence)
                return default;
            LogSegment segment = _segments[IndexOf(sequence - 1)];
            segment.References++;
            return new LogSlice(segment, 0, (int)(sequence - segment.FirstSequence));
        }
    }

    public bool IsOwn(in EventRecord record) => _ownTgid != 0 && record.Tgid == _ownTgid && (record.Flags & EventFlags.Owner) != 0;

    public void Release(LogSlice slice)
    {
        if (slice.Segment is not { } segment)
            return;
        lock (_lock)
        {
            if (--segment.References == 0 && _segments.Count + _spare.Count < _maxSegments)
                _spare.Enqueue(segment);
        }
    }

    /// <summary>A place to wait for events; one for each reader.</summary>
    public LogWaiter NewWaiter() => new(_waiters);

    public void Dispose() => _waiters.Dispose();

    private LogSegment BeginSegment()
    {
        lock (_lock)
        {
            LogSegment? evicted = null;
            if (_segments.Count == _maxSegments)
            {
                evicted = _segments[0];
                _segments.RemoveAt(0);
                if (--evicted.References > 0)
                    evicted = null; // who reads it gives it back
            }

            LogSegment segment = evicted ?? (_spare.TryDequeue(out LogSegment? spare) ? spare : new LogSegment());
            segment.References = 1;
            segment.Begin(_appended);
            _segments.Add(segment);
            return segment;
        }
    }

    private int IndexOf(ulong sequence)
    {
        int low = 0, high = _segments.Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (_segments[middle].FirstSequence <= sequence)
                low = middle;
            else
                high = middle - 1;
        }

        return low;
    }
}
