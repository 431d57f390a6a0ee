using KaTrace.Bpf;
using KaTrace.Coverage;
using KaTrace.Events;
using KaTrace.Filters;
using KaTrace.Output;
using KaTrace.Processes;

namespace KaTrace.Cli.Streaming;

/// <summary>The end of the route: who owns the socket, whether the filters show it, and a line of it. On the pipeline's thread;
/// allocates nothing an event.</summary>
internal sealed class StreamSink : IEventSink
{
    private readonly EventFilter _filter;
    private readonly IEventWriter _writer;
    private readonly IEventOutput _output;
    private readonly LossMonitor _losses;
    private readonly AnswerPoller? _answers;
    private readonly Action _stop;
    private readonly ulong _mostShown;
    private readonly uint _hiddenTgid;
    private readonly uint _hz;
    private readonly RealtimeOffset _realtime = new();
    private readonly ProcessCatalog _processes;
    private readonly EventAggregator? _aggregator;
    private KernelClock _clock;
    private ulong _sequence;
    private int _tick;

    /// <param name="options">What is shown.</param>
    /// <param name="writer">Writes into <paramref name="output"/>.</param>
    /// <param name="output">Where that goes; flushed when a batch is through.</param>
    /// <param name="losses">Looked at once a tick.</param>
    /// <param name="processes">Knows the owners.</param>
    /// <param name="answers">Told of each probe; null where answers are told late.</param>
    /// <param name="coverage">Told of each event.</param>
    /// <param name="hz">Jiffies a second.</param>
    /// <param name="ownTgid">This process, whose events are hidden unless asked for.</param>
    /// <param name="stop">Called when nothing more is to be shown.</param>
    public StreamSink(StreamOptions options, IEventWriter writer, IEventOutput output, LossMonitor losses, ProcessCatalog processes, AnswerPoller? answers, ProbeCoverage coverage, uint hz, uint ownTgid, Action stop)
    {
        (_filter, _writer, _output, _losses, _processes, _answers, Coverage, _stop, _hz) = (options.Filter, writer, output, losses, processes, answers, coverage, stop, hz);
        _mostShown = options.Count ?? ulong.MaxValue;
        _aggregator = options.Aggregate is { } window ? new EventAggregator(window) : null;
        _hiddenTgid = options.ShowSelf ? 0 : ownTgid;
        _clock = new KernelClock(hz, _realtime.Ns);
    }

    public ProbeCoverage Coverage { get; }

    public ulong Shown { get; private set; }

    /// <summary>By the filters here; those in the kernel have hidden more.</summary>
    public ulong FilteredOut { get; private set; }

    /// <summary>Asks for the once-a-second work, which is done on the pipeline's thread. Any thread may call it.</summary>
    public void RequestTick() => Volatile.Write(ref _tick, 1);

    public void OnEvent(in EventRecord record)
    {
        Coverage.Note(in record);
        if (Shown >= _mostShown || _output.IsClosed)
            return;

        // Before the filters: they may hide probes and show answers.
        if (record.Kind == EventKind.Probe)
            _answers?.Expect(in record);

        bool own = record.Tgid == _hiddenTgid && (record.Flags & EventFlags.Owner) != 0;
        ProcessIdentity? process = own ? null : _processes.Resolve(in record);
        if (own || !_filter.Matches(in record, process))
        {
            FilteredOut++;
            return;
        }

        if (_aggregator?.EndsBefore(in record, process) == true)
            ShowHeld();
        if (_aggregator is not null && EventAggregator.Repeats(record.Kind))
            _aggregator.Hold(in record, process, ++_sequence);
        else
            Show(in record, process, ++_sequence);
    }

    public void OnBatchEnd()
    {
        if (Volatile.Read(ref _tick) != 0 && Interlocked.Exchange(ref _tick, 0) != 0)
            Tick();

        _output.Flush();
        if (_output.IsClosed)
            _stop();
    }

    /// <summary>What is held back, whether it is due or not.</summary>
    public void ShowHeld() => _aggregator?.Tell(Show);

    /// <summary>Writes down what was lost since the last look.</summary>
    public void ReportLosses()
    {
        ulong now = RealtimeOffset.MonotonicNs;
        foreach ((V1.Lost.Types.Place place, ulong count) in _losses.Look())
        {
            if (!_filter.ShowsLost)
                continue;
            ShowHeld();
            _writer.WriteLost(place, count, now, ++_sequence, in _clock);
        }
    }

    private void Show(in EventRecord record, ProcessIdentity? process, Occurrence occurrence)
    {
        if (Shown >= _mostShown)
            return;
        _writer.Write(in record, process, occurrence, in _clock);
        _output.FlushIfLarge();
        if (++Shown >= _mostShown)
            _stop();
    }

    private void Tick()
    {
        _realtime.Refresh();
        _clock = new KernelClock(_hz, _realtime.Ns);
        ReportLosses();
        if (_aggregator is { IsEmpty: false } && _aggregator.Left(RealtimeOffset.MonotonicNs) <= TimeSpan.Zero)
            ShowHeld();
        _output.LookForReader();
    }
}
