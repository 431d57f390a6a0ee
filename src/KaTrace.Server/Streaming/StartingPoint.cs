using Grpc.Core;
using KaTrace.Events;
using KaTrace.Output;
using KaTrace.Server.Log;
using KaTrace.V1;

namespace KaTrace.Server.Streaming;

/// <summary>Where a stream begins.</summary>
/// <param name="Sequence">Of its first event.</param>
/// <param name="Oldest">Set where more was asked for than is kept.</param>
internal readonly record struct StartingPoint(ulong Sequence, Oldest? Oldest)
{
    public static StartingPoint Find(StreamRequest request, StreamSelection selection, EventLog log, IAgent agent)
    {
        KernelClock clock = agent.Clock;
        if (request.Last > 0)
            return FindLast(request.Last, selection, log, clock);
        if (request.SinceNs is { } since)
            return FindSince(since, log, clock);
        if (request.After is not { } after)
            return new StartingPoint(log.End, null);

        // Of another run nothing is known here, and this one's began with 1.
        ulong sequence = after.InstanceId == agent.Identity.InstanceId ? after.Sequence + 1 : 1;
        ulong told = after.InstanceId == agent.Identity.InstanceId ? Math.Max(after.Sequence, after.ToldSequence) : 0;
        if (told >= log.End)
            throw new RpcException(new Status(StatusCode.InvalidArgument, $"'after' is sequence {told}, but the latest event is {log.End - 1}"));
        return new StartingPoint(sequence, null);
    }

    private static StartingPoint FindLast(ulong count, StreamSelection selection, EventLog log, KernelClock clock)
    {
        ulong sequence = log.End;
        while (true)
        {
            LogSlice slice = log.ReadBefore(sequence);
            if (slice.Segment is null)
                return new StartingPoint(sequence, OldestOf(log, clock));
            try
            {
                for (int i = slice.End - 1; i >= slice.First; i--)
                {
                    if (selection.Shows(slice.Segment, i) && --count == 0)
                        return new StartingPoint(slice.Segment.FirstSequence + (uint)i, null);
                }

                sequence = slice.Segment.FirstSequence;
            }
            finally
            {
                log.Release(slice);
            }
        }
    }

    private static StartingPoint FindSince(long sinceNs, EventLog log, KernelClock clock)
    {
        ulong sequence = log.Oldest;
        bool isOldest = true;
        while (true)
        {
            LogSlice slice = log.Read(sequence, out ulong missed);
            if (slice.Segment is null)
                return new StartingPoint(sequence + missed, isOldest ? OldestOf(log, clock) : null);
            try
            {
                for (int i = slice.First; i < slice.End; i++, isOldest = false)
                {
                    if (clock.ToUnixNs(slice.Segment.Record(i).TimeNs) >= sinceNs)
                        return new StartingPoint(slice.Segment.FirstSequence + (uint)i, isOldest ? OldestOf(log, clock) : null);
                }

                sequence = slice.NextSequence;
            }
            finally
            {
                log.Release(slice);
            }
        }
    }

    public static Oldest OldestOf(EventLog log, KernelClock clock)
    {
        ulong oldest = log.Oldest;
        LogSlice slice = log.Read(oldest, out ulong missed);
        try
        {
            return slice.Segment is null
                ? new Oldest { Sequence = oldest + missed }
                : new Oldest { Sequence = oldest + missed, Time = EventMessage.TimeOf(clock.ToUnixNs(slice.Segment.Record(slice.First).TimeNs)) };
        }
        finally
        {
            log.Release(slice);
        }
    }
}
