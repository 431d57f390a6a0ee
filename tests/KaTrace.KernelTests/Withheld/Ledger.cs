using System.Collections.Concurrent;
using KaTrace.Events;
using KaTrace.KernelTests.Stream;

namespace KaTrace.KernelTests.Withheld;

/// <summary>What the kernel itself counted in each namespace of a test, beside what was seen of it: by the tracer of all tests, as
/// what the kernel withholds, it withholds from all. Not only what timers do: packets, too, are handled by whatever is interrupted.</summary>
internal static class Ledger
{
    private static readonly ConcurrentQueue<Entry> Entries = [];
    private static ulong _lostBefore;

    /// <summary>A namespace whose test is over.</summary>
    /// <param name="has">Whether an event is of it.</param>
    /// <param name="probes">TcpExtTCPKeepAlive.</param>
    /// <param name="timeouts">TcpExtTCPAbortOnTimeout.</param>
    /// <param name="sockets">TCP sockets that still are.</param>
    public static void Close(Func<EventRecord, bool> has, long probes, long timeouts, long sockets) => Entries.Enqueue(new(has, probes, timeouts, sockets));

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
        traced.WaitForCallsSoFar(); // what is on its way is not unseen
        (long probes, long timeouts, long ends) = (0, 0, 0);
        foreach (Entry entry in Entries)
        {
            probes += Math.Max(0, entry.Probes - traced.SoFar(e => entry.Has(e) && e.Kind is EventKind.Probe or EventKind.LocalDrop).Length);
            timeouts += Math.Max(0, entry.Timeouts - traced.SoFar(e => entry.Has(e) && e.Kind == EventKind.Timeout).Length);
            ends += Math.Max(0, StillConnected(traced.SoFar(e => entry.Has(e))) - entry.Sockets);
        }

        return probes + timeouts + ends == 0 ? null : $"{probes} probes and {timeouts} timeouts that the kernel counted, and the ends of {ends} sockets that are gone";
    }

    private static long StillConnected(EventRecord[] events) =>
        events.Where(e => e.Cookie != 0).GroupBy(e => e.Cookie).Count(socket => socket.Any(e => e.Kind == EventKind.Probe) && socket.Last().Kind != EventKind.Closed);

    private static ulong Lost(TracedEvents? traced) =>
        traced is null || KernelAccess.Missing is not null ? 0 : traced.Drops().Aggregate(traced.Skipped(), (sum, drops) => sum + drops);

    private sealed record Entry(Func<EventRecord, bool> Has, long Probes, long Timeouts, long Sockets);
}
