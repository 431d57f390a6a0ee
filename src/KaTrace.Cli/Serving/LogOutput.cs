using KaTrace.Cli.Streaming;
using KaTrace.Events;
using KaTrace.Output;
using KaTrace.Processes;
using KaTrace.Server.Log;
using KaTrace.V1;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace KaTrace.Cli.Serving;

/// <summary>Fills an agent's log with the events that are replayed. One thread writes; any may read where it is.</summary>
internal sealed class LogOutput(EventLog log) : IEventWriter, IEventOutput
{
    /// <summary>Events that are shown together where time does not part them: a message for each would cost more than they do.</summary>
    private const int MostUnpublished = 256;

    private int _unpublished;
    private volatile Moment? _last;

    /// <summary>Of the latest event; null before the first.</summary>
    public Moment? Last => _last;

    /// <inheritdoc/>
    public bool IsClosed => false;

    /// <inheritdoc/>
    public void Write(in EventRecord record, ProcessIdentity? process, Occurrence occurrence, in KernelClock clock)
    {
        log.Append(in record, process, in clock);
        Note(record.TimeNs, in clock);
    }

    /// <inheritdoc/>
    public void WriteLost(Lost.Types.Place place, ulong count, ulong monotonicNs, ulong sequence, in KernelClock clock)
    {
        log.AppendLost(place, count, monotonicNs, in clock);
        Note(monotonicNs, in clock);
    }

    /// <inheritdoc/>
    public void FlushIfLarge()
    {
        if (++_unpublished >= MostUnpublished)
            Flush();
    }

    /// <inheritdoc/>
    public void Flush()
    {
        log.Publish();
        _unpublished = 0;
    }

    /// <inheritdoc/>
    public void LookForReader()
    {
    }

    private void Note(ulong monotonicNs, in KernelClock clock) => _last = new Moment(monotonicNs, clock, Stopwatch.GetTimestamp());

    /// <summary>When something happened, by the clock of that host, and when it was served, by that of this one.</summary>
    internal sealed record Moment(ulong MonotonicNs, KernelClock Clock, long ServedAt);
}
