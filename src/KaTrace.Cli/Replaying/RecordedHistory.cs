using KaTrace.Captures;
using KaTrace.Events;
using KaTrace.Explaining;
using KaTrace.Filters;
using KaTrace.Output;
using KaTrace.Sockets;
using KaTrace.V1;

namespace KaTrace.Cli.Replaying;

/// <summary>The latest events of one socket in captures, up to a moment.</summary>
/// <param name="row">Which socket.</param>
/// <param name="atUnixNs">The moment.</param>
internal sealed class RecordedHistory(in SocketRow row, long atUnixNs) : IEventSink
{
    /// <summary>More than are wanted, as some may be of another socket after all.</summary>
    private const int MostKept = 100;

    private readonly EventFilter _filter = EventFilter.Compile(SocketEvents.FilterOf(in row));
    private readonly Queue<Event> _events = [];
    private Capture? _capture;

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<Event> Events => [.. _events];

    /// <summary>The next file, as far as it is whole.</summary>
    public void Read(Capture capture)
    {
        _capture = capture;
        try
        {
            new EventPipeline(new CapturePipeReader(capture)).Run(this);
        }
        catch (InvalidDataException)
        {
            // Behind the moment: who found the socket has seen to that.
        }
    }

    public void OnEvent(in EventRecord record)
    {
        KernelClock clock = _capture!.Clock;
        if (clock.ToUnixNs(record.TimeNs) > atUnixNs)
            return;
        Processes.ProcessIdentity? process = _capture.Processes.Resolve(in record);
        if (!_filter.Matches(in record, process))
            return;
        if (_events.Count == MostKept)
            _events.Dequeue();
        _events.Enqueue(EventMessage.From(in record, process, 0, in clock, _capture.Header.NodeName));
    }

    public void OnBatchEnd()
    {
    }
}
