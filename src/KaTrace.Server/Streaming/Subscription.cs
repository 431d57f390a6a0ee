using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using KaTrace.Events;
using KaTrace.Output;
using KaTrace.Server.Log;
using KaTrace.Sockets;
using KaTrace.V1;
using Timer = System.Threading.Timer;

namespace KaTrace.Server.Streaming;

/// <summary>One call of StreamEvents: a position in the log that moves as fast as its reader takes what is sent.</summary>
internal sealed class Subscription
{
    private const int UnderWayMs = 100;

    private readonly EventLog _log;
    private readonly IAgent _agent;
    private readonly SocketLooks _looks;
    private readonly Subscriptions _all;
    private readonly StreamMessage _message;
    private StreamSelection _selection;
    private readonly StreamRequest _request;
    private readonly AggregatedEvents? _aggregated;
    private readonly string _peer;
    private readonly Timestamp _start = EventMessage.TimeOf(UnixTime.Now);
    private ulong _next;
    private ulong _through;
    private ulong _sent;
    private ulong _lost;
    private long _lastSentMs;
    private bool _isOver;

    public Subscription(StreamRequest request, EventLog log, IAgent agent, SocketLooks looks, Subscriptions all, string peer)
    {
        (_request, _log, _agent, _looks, _all, _peer) = (request, log, agent, looks, all, peer);
        _selection = new StreamSelection(request.Filter, request.IncludeSelf, log, request.Fields);
        _message = new StreamMessage(log, agent.Identity);
        if (request.Window is { } window)
            _aggregated = new AggregatedEvents(window, request.After is { } after && after.InstanceId == agent.Identity.InstanceId ? after.ToldSequence : 0, agent);
    }

    /// <summary>Events that have not been handed on yet, before filters. Any thread may ask.</summary>
    public ulong Behind
    {
        get
        {
            ulong next = Volatile.Read(ref _next), end = _log.End;
            return end > next && next > 0 ? end - next : 0;
        }
    }

    /// <summary>For <see cref="GetStatusResponse"/>. Any thread may ask.</summary>
    public Subscriber Describe()
    {
        return new Subscriber
        {
            Peer = _peer,
            StartTime = _start,
            Sent = Volatile.Read(ref _sent),
            Lost = Volatile.Read(ref _lost),
            Behind = Behind,
        };
    }

    /// <summary>Returns when all that was asked for is through.</summary>
    /// <exception cref="OperationCanceledException">The client has gone, or the agent stops.</exception>
    public async Task RunAsync(IServerStreamWriter<StreamMessage> writer, CancellationToken cancel)
    {
        LogWaiter waiter = _log.NewWaiter();
        using CancellationTokenRegistration interrupt = cancel.UnsafeRegister(static w => ((LogWaiter)w!).Interrupt(), waiter);
        using Timer? until = StopAtUntil(waiter);
        using Timer? window = _aggregated is null ? null : new Timer(static w => ((LogWaiter)w!).Nudge(), waiter, System.Threading.Timeout.Infinite, System.Threading.Timeout.Infinite);
        if (_request.Snapshot is { } filters)
            await SendSnapshotAsync(writer, filters, cancel).ConfigureAwait(false);
        ulong liveFrom = _log.End;
        StartingPoint start = StartingPoint.Find(_request, _selection, _log, _agent);
        if (_next == 0)
            _next = start.Sequence;
        bool isLive = false;
        try
        {
            if (start.Oldest is { } oldest)
                await SendMarkerAsync(writer, StreamEventsResponse.OldestFieldNumber, oldest, cancel).ConfigureAwait(false);
            while (true)
            {
                if (!isLive && _next >= liveFrom)
                {
                    await TellHeldAsync(writer, cancel).ConfigureAwait(false);
                    if (_request.NoFollow)
                        return;
                    await SendMarkerAsync(writer, StreamEventsResponse.LiveFieldNumber, new Live(), cancel).ConfigureAwait(false);
                    isLive = true;
                }

                bool isComplete = _log.IsComplete, isThrough = false;
                if (!TakeNext(isLive ? ulong.MaxValue : liveFrom, isLive))
                {
                    isThrough = isComplete || Volatile.Read(ref _isOver);
                    if (!isThrough)
                        await WaitAsync(waiter, window).ConfigureAwait(false);
                }
                else if (_message.Count > 0 || IsSilent())
                    await SendAsync(writer, cancel).ConfigureAwait(false);
                else
                    _message.Release();

                isThrough |= _next == ulong.MaxValue;
                if (isThrough || _aggregated?.Left <= TimeSpan.Zero)
                    await TellHeldAsync(writer, cancel).ConfigureAwait(false);
                if (isThrough)
                    return;
                cancel.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            _message.Release();
        }
    }

    /// <summary>An event that is told later than this begins, of something that happened before, is in the snapshot.</summary>
    private Task SendSnapshotAsync(IServerStreamWriter<StreamMessage> writer, FilterList filters, CancellationToken cancel)
    {
        _next = _log.End;
        _selection = _selection with { AfterNs = _agent.MonotonicNs };
        return _looks.RunAsync(async (table, late) =>
        {
            Connections connections = new(table, await _agent.IdentifyAsync(table).ConfigureAwait(false), filters);
            foreach (ConnectionBatch batch in connections.Batches(static (in row) => row.IsConnected && row.KeepaliveOn))
                await SendMarkerAsync(writer, StreamEventsResponse.ConnectionsFieldNumber, batch, CancellationToken.None).WaitAsync(late).ConfigureAwait(false);
        }, cancel);
    }

    /// <summary>Until there is an event, or until what is held back is due.</summary>
    private ValueTask WaitAsync(LogWaiter waiter, Timer? window)
    {
        if (_aggregated?.Left is { } left)
        {
            if (left <= TimeSpan.Zero)
                return ValueTask.CompletedTask;
            window!.Change(left + TimeSpan.FromMilliseconds(1), System.Threading.Timeout.InfiniteTimeSpan);
        }

        return waiter.ForAsync(_next);
    }

    private Task TellHeldAsync(IServerStreamWriter<StreamMessage> writer, CancellationToken cancel)
    {
        if (_aggregated?.FirstHeld is null)
            return Task.CompletedTask;
        _message.Clear(_through);
        _aggregated.Tell(_message, _selection.Fields);
        return SendAsync(writer, cancel);
    }

    /// <summary>Also when nothing happens after it. Events of before may be under way in the ring for a moment.</summary>
    private Timer? StopAtUntil(LogWaiter waiter)
    {
        if (_request.UntilNs is not { } untilNs)
            return null;
        // Not once at that time: a clock may be set, and that of a capture has a speed of its own.
        return new Timer(_ =>
        {
            if (_agent.Clock.ToUnixNs(_agent.MonotonicNs) < untilNs + (UnderWayMs * 1_000_000L))
                return;
            Volatile.Write(ref _isOver, true);
            waiter.Interrupt();
        }, null, UnderWayMs, UnderWayMs);
    }

    /// <summary>Gathers what comes next, if there is something.</summary>
    private bool TakeNext(ulong end, bool isLive)
    {
        LogSlice slice = _log.Read(_next, out ulong missed);
        if (slice.Segment is null && missed == 0)
            return false;
        _message.Clear(_through = _next - 1 + missed);
        if (missed > 0)
        {
            Volatile.Write(ref _lost, _lost + missed);
            _aggregated?.Tell(_message, _selection.Fields);
            if (_selection.Filter.ShowsLost)
                _message.AddLost(isLive || _sent > 0 ? Lost.Types.Place.Subscriber : Lost.Types.Place.History, missed, _agent.MonotonicNs, _agent.Clock);
            Volatile.Write(ref _next, _next + missed);
        }

        if (slice.Segment is not null)
            Take(slice, end);
        return true;
    }

    private void Take(LogSlice slice, ulong end)
    {
        slice = slice.Within(_all.MessageBytes);
        if (slice.NextSequence > end && end > slice.Segment!.FirstSequence + (uint)slice.First)
            slice = slice with { End = (int)(end - slice.Segment.FirstSequence) };
        int until = IndexOfUntil(slice);
        ulong next = until < slice.End ? ulong.MaxValue : slice.NextSequence;
        _through = slice.NextSequence - 1;
        if (_aggregated is null)
        {
            _message.Take(slice with { End = until }, _selection);
        }
        else
        {
            _aggregated.Take(slice with { End = until }, _selection, _message);
            _log.Release(slice);
        }

        Volatile.Write(ref _next, next);
    }

    private int IndexOfUntil(LogSlice slice)
    {
        if (_request.UntilNs is not { } untilNs)
            return slice.End;
        KernelClock clock = _agent.Clock;
        for (int i = slice.First; i < slice.End; i++)
        {
            if (clock.ToUnixNs(slice.Segment!.Record(i).TimeNs) >= untilNs)
                return i;
        }

        return slice.End;
    }

    /// <summary>The filters have hidden all for a second: the client is told how far it is.</summary>
    private bool IsSilent() => Environment.TickCount64 - _lastSentMs >= 1000;

    private Task SendMarkerAsync(IServerStreamWriter<StreamMessage> writer, int field, Google.Protobuf.IMessage marker, CancellationToken cancel)
    {
        _message.SetMarker(field, marker, _through = _next - 1);
        return SendAsync(writer, cancel);
    }

    private Task SendAsync(IServerStreamWriter<StreamMessage> writer, CancellationToken cancel)
    {
        _message.IsThrough(_through, _aggregated?.FirstHeld);
        Volatile.Write(ref _sent, _sent + (uint)_message.Count);
        _lastSentMs = Environment.TickCount64;
        return writer.WriteAsync(_message, cancel);
    }
}
