using KaTrace.Events;
using KaTrace.Output;
using KaTrace.Server.Log;

namespace KaTrace.Server.Streaming;

/// <summary>The events of one subscriber that asked for <see cref="V1.Aggregation"/>: what repeats is held back, all else goes on as it comes.</summary>
/// <param name="window">Of the aggregation.</param>
/// <param name="toldUntil">Sequence up to which an earlier call has told what does not repeat.</param>
/// <param name="agent">For the times of what is told late.</param>
internal sealed class AggregatedEvents(TimeSpan window, ulong toldUntil, IAgent agent)
{
    private readonly EventAggregator _held = new(window);

    /// <summary>Of the first event that is held back; null: none is.</summary>
    public ulong? FirstHeld => _held.IsEmpty ? null : _held.FirstSequence;

    /// <summary>How long what is held may stay so; null: nothing is held. Never longer than the window, whatever the clock of the events.</summary>
    public TimeSpan? Left
    {
        get
        {
            if (_held.IsEmpty)
                return null;
            TimeSpan left = _held.Left(agent.MonotonicNs);
            return left < window ? left : window;
        }
    }

    /// <summary>Takes of the slice what is to be told now, and holds the rest.</summary>
    public void Take(LogSlice slice, StreamSelection selection, StreamMessage message)
    {
        LogSegment segment = slice.Segment!;
        for (int i = slice.First; i < slice.End; i++)
        {
            if (!selection.Shows(segment, i))
                continue;
            ulong sequence = segment.FirstSequence + (uint)i;
            ref readonly EventRecord record = ref segment.Record(i);
            if (segment.IsLost(i) || _held.EndsBefore(in record, segment.Process(i)))
                Tell(message, selection.Fields);
            if (EventAggregator.Repeats(record.Kind))
                _held.Hold(in record, segment.Process(i), sequence);
            else if (sequence > toldUntil)
                message.Add(segment.Encoded(i, i + 1), selection.Fields);
        }
    }

    /// <summary>Tells what is held.</summary>
    public void Tell(StreamMessage message, FieldProjection? fields)
    {
        KernelClock clock = agent.Clock;
        _held.Tell((in record, process, occurrence) => message.Add(in record, process, occurrence, in clock, fields));
    }
}
