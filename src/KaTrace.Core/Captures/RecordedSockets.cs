using KaTrace.Events;
using KaTrace.Processes;
using KaTrace.Sockets;

namespace KaTrace.Captures;

/// <summary>The sockets of a snapshot, brought up to a later moment by the events between: an event holds all that is known of its
/// socket. What passes without an event is unknown then; what is certain by time alone is computed. Not thread-safe.</summary>
internal sealed class RecordedSockets
{
    private readonly Dictionary<ulong, RecordedSocket> _byCookie = [];
    private readonly Dictionary<(uint Netns, ulong Ino), RecordedSocket> _byInode = [];
    private readonly Dictionary<RecordedEnds, RecordedSocket> _byEnds = [];

    /// <summary>In the order in which they were first told of.</summary>
    private readonly LinkedList<RecordedSocket> _all = [];

    /// <param name="table">Of the snapshot.</param>
    /// <param name="begunNs">CLOCK_MONOTONIC when it was begun.</param>
    public RecordedSockets(SocketTable table, ulong begunNs)
    {
        foreach (ref readonly SocketRow row in table.Rows)
        {
            RecordedSocket socket = new(in row, begunNs);
            foreach (SocketHolder holder in table.HoldersOf(in row))
                socket.Holders.Add((table.Processes[holder.Process], holder.Fd));
            Add(socket);
            Name(socket);
        }
    }

    public IEnumerable<RecordedSocket> All => _all;

    /// <summary>Applies an event. In the order of time, nearly.</summary>
    /// <param name="record">Later than the beginning of the snapshot.</param>
    /// <param name="owner">Of the socket; null if unknown.</param>
    public void Apply(in EventRecord record, ProcessIdentity? owner)
    {
        RecordedSocket? socket = Find(in record);
        if (socket is not null)
            ForgetNames(socket);
        // A connection that timed out, or was reset, is told to be closed as well.
        if (record.Kind == EventKind.Closed)
        {
            if (socket is not null)
                _all.Remove(socket.Place!);
            return;
        }

        if (socket is null)
            Add(socket = new RecordedSocket());
        socket.Apply(in record, owner);
        Name(socket);
    }

    /// <summary>An event of after the moment tells how long the peer had been silent, and so perhaps at that moment.</summary>
    public void Witness(in EventRecord record, KernelClock clock)
    {
        if ((record.Flags & EventFlags.Silent) != 0 && Find(in record) is { } socket)
            socket.Witness(record.TimeNs - Math.Min(record.TimeNs, NsOf(record.Silent, clock)));
    }

    public static ulong NsOf(uint jiffies, KernelClock clock) => (ulong)jiffies * 1_000_000_000 / clock.Hz;

    /// <summary>By its cookie; before it has one, by its inode or its ends.</summary>
    private RecordedSocket? Find(in EventRecord record)
    {
        if (record.Cookie != 0 && _byCookie.TryGetValue(record.Cookie, out RecordedSocket? socket))
            return socket;
        if (record.Ino != 0 && _byInode.TryGetValue((record.Netns, record.Ino), out socket) && MayBe(socket, record.Cookie))
            return socket;
        return RecordedEnds.Of(in record) is { } ends && _byEnds.TryGetValue(ends, out socket) && MayBe(socket, record.Cookie) ? socket : null;
    }

    private static bool MayBe(RecordedSocket socket, ulong cookie) => socket.Row.Cookie == 0 || cookie == 0;

    private void Add(RecordedSocket socket) => socket.Place = _all.AddLast(socket);

    private void Name(RecordedSocket socket)
    {
        ref readonly SocketRow row = ref socket.Row;
        if (row.Cookie != 0)
            _byCookie[row.Cookie] = socket;
        if (row.Ino != 0)
            _byInode[(row.Netns, row.Ino)] = socket;
        if (RecordedEnds.Of(in row) is { } ends)
            _byEnds[ends] = socket;
    }

    private void ForgetNames(RecordedSocket socket)
    {
        ref readonly SocketRow row = ref socket.Row;
        Forget(_byCookie, row.Cookie);
        Forget(_byInode, (row.Netns, row.Ino));
        if (RecordedEnds.Of(in row) is { } ends)
            Forget(_byEnds, ends);

        void Forget<TKey>(Dictionary<TKey, RecordedSocket> sockets, TKey key)
            where TKey : notnull
        {
            if (sockets.TryGetValue(key, out RecordedSocket? one) && ReferenceEquals(one, socket))
                sockets.Remove(key);
        }
    }
}
