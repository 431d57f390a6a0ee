using KaTrace.Captures;
using KaTrace.Cli.Streaming;
using KaTrace.Events;
using KaTrace.Filters;
using KaTrace.Output;
using KaTrace.Processes;
using KaTrace.V1;

namespace KaTrace.Cli.Replaying;

/// <summary>The end of the route for the events of a capture: names, clock and losses are the capture's. Allocates nothing an event.</summary>
internal sealed class ReplaySink : IEventSink
{
    private readonly EventFilter _filter;
    private readonly IEventOutput _output;
    private readonly ReplayClock? _clock;
    private readonly Action _stop;
    private readonly ulong _mostShown;
    private readonly long _fromUnixNs;
    private readonly long _untilUnixNs;
    private readonly ulong[] _lost = new ulong[LostByPlace.Length];
    private Capture _capture;
    private CapturePipeReader _reader;
    private IEventWriter _writer;
    private ulong _sequence;

    /// <param name="options">What is shown.</param>
    /// <param name="begunUnixNs">When the first capture began.</param>
    /// <param name="output">What the writers fill.</param>
    /// <param name="clock">Null: as fast as it goes.</param>
    /// <param name="stop">Called when nothing more is to be shown.</param>
    public ReplaySink(ReplayOptions options, long begunUnixNs, IEventOutput output, ReplayClock? clock, Action stop)
    {
        (_filter, _output, _clock, _stop) = (options.Filter, output, clock, stop);
        _mostShown = options.Count ?? ulong.MaxValue;
        _fromUnixNs = options.From?.ToUnixNs(begunUnixNs) ?? long.MinValue;
        _untilUnixNs = options.Until?.ToUnixNs(begunUnixNs) ?? long.MaxValue;
        (_capture, _reader, _writer) = (null!, null!, null!);
    }

    public ulong Shown { get; private set; }

    public ulong FilteredOut { get; private set; }

    /// <summary>Told so far, by place.</summary>
    public IReadOnlyList<(Lost.Types.Place Place, ulong Count)> Lost =>
        [.. _lost.Select((count, place) => ((Lost.Types.Place)place, count)).Where(p => p.count > 0)];

    /// <summary>What comes from here on is of this capture.</summary>
    public void Open(Capture capture, CapturePipeReader reader, IEventWriter writer) => (_capture, _reader, _writer) = (capture, reader, writer);

    public void OnEvent(in EventRecord record)
    {
        if (Shown >= _mostShown || _output.IsClosed)
            return;
        KernelClock clock = _capture.Clock;
        if (!IsAsked(clock.ToUnixNs(record.TimeNs)))
            return;

        ProcessIdentity? process = _capture.Processes.Resolve(in record);
        if (!_filter.Matches(in record, process))
        {
            FilteredOut++;
            return;
        }

        WaitFor(clock.ToUnixNs(record.TimeNs));
        _writer.Write(in record, process, ++_sequence, in clock);
        _output.FlushIfLarge();
        if (++Shown >= _mostShown)
            _stop();
    }

    public void OnBatchEnd()
    {
        if (_reader.TryEndBlock())
            ReportLosses(in _capture.Info);
        if (_clock is not null)
            _output.Flush();
        if (_output.IsClosed)
            _stop();
    }

    private void ReportLosses(in RecordsInfo info)
    {
        KernelClock clock = _capture.Clock;
        if (info.LostNs == 0 || Shown >= _mostShown || !IsAsked(clock.ToUnixNs(info.LostNs)))
            return;
        for (int place = 0; place < LostByPlace.Length; place++)
        {
            if (info.Lost[place] == 0)
                continue;
            _lost[place] += info.Lost[place];
            if (!_filter.ShowsLost)
                continue;
            WaitFor(clock.ToUnixNs(info.LostNs));
            _writer.WriteLost((Lost.Types.Place)place, info.Lost[place], info.LostNs, ++_sequence, in clock);
        }
    }

    private bool IsAsked(long unixNs) => unixNs >= _fromUnixNs && unixNs < _untilUnixNs;

    private void WaitFor(long unixNs)
    {
        if (_clock is null || _clock.Until(unixNs) is not { Ticks: > 0 } time)
            return;
        _output.Flush();
        _clock.Wait(time);
    }
}
