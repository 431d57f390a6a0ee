using System.Collections.Concurrent;
using KaTrace.Events;
using KaTrace.KernelTests.Stream;

namespace KaTrace.KernelTests.Withheld;

/// <summary>What the kernel itself counted in each namespace of a test, beside what was seen of it: by the tracer of all tests, as
/// what the kernel withholds, it withholds from all.</summary>
internal static class TimerLedger
{
    private static readonly ConcurrentQueue<Entry> Entries = [];
    private static ulong _lostBefore;

    /// <summary>A namespace whose test is over.</summary>
    /// <param name="has">Whether an event is of it.</param>
    /// <param name="probes">TcpExtTCPKeepAlive.</param>
    /// <param name="timeouts">TcpExtTCPAbortOnTimeout.</param>
    public static void Close(Func<EventRecord, bool> has, long probes, long timeouts) => Entries.Enqueue(new(has, probes, timeouts));

    public static void Clear(TracedEvents? traced)
    {
        Entries.Clear();
        _lostBefore = Lost(traced);
    }

    /// <summary>What was not seen, of the namespaces that were closed since the ledger was cleared; null if all was, or if some of it
    /// was lost in a place that is known: then it was not withheld.</summary>
    public static string? Unseen(TracedEvents traced)
    {
        if (Lost(traced) != _lostBefore)
            return null;
        (long probes, long timeouts) = (0, 0);
        foreach (Entry entry in Entries)
        {
            probes += Math.Max(0, entry.Probes - traced.SoFar(e => entry.Has(e) && e.Kind is EventKind.Probe or EventKind.LocalDrop).Length);
            timeouts += Math.Max(0, entry.Timeouts - traced.SoFar(e => entry.Has(e) && e.Kind == EventKind.Timeout).Length);
        }

        return probes + timeouts == 0 ? null : $"{probes} probes and {timeouts} timeouts that the kernel counted";
    }

    private static ulong Lost(TracedEvents? traced) =>
        traced is null || KernelAccess.Missing is not null ? 0 : traced.Drops().Aggregate(traced.Skipped(), (sum, drops) => sum + drops);

    private sealed record Entry(Func<EventRecord, bool> Has, long Probes, long Timeouts);
}
