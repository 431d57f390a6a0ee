using KaTrace.Events;

namespace KaTrace.Sockets;

/// <summary>All TCP sockets of a host as of one moment, and who holds them. Immutable. What <c>list</c>, <c>explain</c> and
/// <c>audit</c> work on, whatever it was made from.</summary>
internal sealed class SocketTable
{
    private readonly ArraySegment<SocketRow> _rows;
    private readonly ArraySegment<SocketHolder> _holders;

    /// <param name="rows">Peer, Listener, FirstHolder and HolderCount filled in.</param>
    /// <param name="holders">Those of one socket side by side, in the order of pids.</param>
    /// <param name="processes">That hold any.</param>
    /// <param name="clock">Of the kernel that the rows are from.</param>
    /// <param name="time">Of the snapshot.</param>
    /// <param name="gaps">What could not be looked at, a sentence each: a network namespace that may not be entered.</param>
    public SocketTable(ArraySegment<SocketRow> rows, ArraySegment<SocketHolder> holders, IReadOnlyList<SocketProcess> processes, KernelClock clock, DateTimeOffset time, IReadOnlyList<string> gaps)
    {
        (_rows, _holders, Processes, Clock, Time, Gaps) = (rows, holders, processes, clock, time, gaps);
    }

    public ReadOnlySpan<SocketRow> Rows => _rows;

    public ReadOnlySpan<SocketHolder> Holders => _holders;

    public IReadOnlyList<SocketProcess> Processes { get; }

    public KernelClock Clock { get; }

    public DateTimeOffset Time { get; }

    /// <summary>The same in nanoseconds since the Unix epoch.</summary>
    public long TimeNs => (Time - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;

    public IReadOnlyList<string> Gaps { get; }

    public ReadOnlySpan<SocketHolder> HoldersOf(in SocketRow row) => _holders.AsSpan(row.FirstHolder, row.HolderCount);
}
