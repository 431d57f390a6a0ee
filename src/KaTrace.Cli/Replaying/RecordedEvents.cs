using KaTrace.Captures;
using KaTrace.Events;
using KaTrace.Processes;

namespace KaTrace.Cli.Replaying;

/// <summary>The events of captures between a snapshot and a moment, on their way to its sockets; and those behind it, which may tell
/// how long peers had been silent at that moment.</summary>
/// <param name="sockets">Of the snapshot.</param>
/// <param name="begunNs">CLOCK_MONOTONIC of its beginning.</param>
/// <param name="atUnixNs">The moment.</param>
internal sealed class RecordedEvents(RecordedSockets sockets, ulong begunNs, long atUnixNs) : IEventSink
{
    private readonly Dictionary<ProcessKey, ProcessDetails> _details = [];
    private readonly Dictionary<ProcessKey, string> _names = [];
    private Capture? _capture;
    private CapturePipeReader? _reader;

    /// <summary>What is known of processes by then.</summary>
    public IReadOnlyDictionary<ProcessKey, ProcessDetails> Details => _details;

    /// <summary>What processes were called last: one may have come to run another program.</summary>
    public IReadOnlyDictionary<ProcessKey, string> Names => _names;

    /// <summary>Events lost between the two.</summary>
    public ulong Lost { get; private set; }

    /// <summary>Recordings and files of them that do not follow each other, between the two.</summary>
    public bool HasGap { get; private set; }

    /// <summary>The recording shows only some kinds of events.</summary>
    public bool IsOfSomeKinds { get; private set; }

    /// <summary>The next file.</summary>
    public void Read(Capture capture)
    {
        if (_capture is { } before && capture.Clock.ToUnixNs(capture.Header.BegunMonotonicNs) <= atUnixNs)
            HasGap |= before.Header.RecordingId != capture.Header.RecordingId || before.Header.FileNumber + 1 != capture.Header.FileNumber;
        IsOfSomeKinds |= capture.Header.Filters is { } filters && filters.AllowList.Concat(filters.DenyList).Any(filter => filter.Kind.Count > 0 || filter.MinUnanswered > 0);
        (_capture, _reader) = (capture, new CapturePipeReader(capture));
        try
        {
            new EventPipeline(_reader).Run(this);
        }
        catch (InvalidDataException)
        {
            // Behind the moment: the search has seen to that.
        }
    }

    public void OnEvent(in EventRecord record)
    {
        KernelClock clock = _capture!.Clock;
        if (record.TimeNs <= begunNs)
            return;
        if (clock.ToUnixNs(record.TimeNs) > atUnixNs)
        {
            sockets.Witness(in record, clock);
            return;
        }

        ProcessIdentity? owner = _capture.Processes.Resolve(in record);
        if (owner is not null)
            _names[owner.Key] = owner.Comm;
        if (owner?.Details is { } details)
            _details[owner.Key] = details;
        sockets.Apply(in record, owner);
    }

    public void OnBatchEnd()
    {
        if (!_reader!.TryEndBlock())
            return;
        ref readonly RecordsInfo info = ref _capture!.Info;
        if (info.LostNs <= begunNs || _capture.Clock.ToUnixNs(info.LostNs) > atUnixNs)
            return;
        foreach (ulong count in info.Lost)
            Lost += count;
    }
}
