using KaTrace.Filters;

namespace KaTrace.Cli.Listing;

internal enum ColumnId
{
    State, Laddr, Lport, Raddr, Rport, Ka, Idle, Intvl, Cnt, Uto, Next, Unans, Silent, Peer, Pid, Comm,
    Origin, Netns, Uid, Cgroup, Cookie, Inode, Fd, RecvQ, SendQ, Retrans, Timer, Command,
}

/// <summary>A column of the table and of CSV.</summary>
/// <param name="Id">What it shows.</param>
/// <param name="Name">As --columns takes it; the heading in upper case.</param>
/// <param name="Help">For the help text.</param>
/// <param name="IsRight">Aligned to the right.</param>
/// <param name="Rank">The column of the highest rank goes first where a terminal is too narrow; 0 stays.</param>
/// <param name="IsWide">Only in wide output, and where --columns asks for it.</param>
internal sealed record Column(ColumnId Id, string Name, string Help, bool IsRight = false, int Rank = 0, bool IsWide = false)
{
    public static readonly IReadOnlyList<Column> All =
    [
        new(ColumnId.State, "state", "of include/net/tcp_states.h", Rank: 1),
        new(ColumnId.Laddr, "laddr", "local address"),
        new(ColumnId.Lport, "lport", "local port", IsRight: true),
        new(ColumnId.Raddr, "raddr", "remote address"),
        new(ColumnId.Rport, "rport", "remote port", IsRight: true),
        new(ColumnId.Ka, "ka", "SO_KEEPALIVE: on, off; listen:on is what its connections inherit"),
        new(ColumnId.Idle, "idle", "seconds of silence before the first probe; * is the sysctl's, not the socket's own", IsRight: true, Rank: 2),
        new(ColumnId.Intvl, "intvl", "seconds between probes", IsRight: true, Rank: 7),
        new(ColumnId.Cnt, "cnt", "unanswered probes that end a connection", IsRight: true, Rank: 8),
        new(ColumnId.Uto, "uto", "TCP_USER_TIMEOUT, seconds", IsRight: true, Rank: 9),
        new(ColumnId.Next, "next", "until the next probe is due", IsRight: true, Rank: 5),
        new(ColumnId.Unans, "unans", "probes since the peer was last heard", IsRight: true, Rank: 6),
        new(ColumnId.Silent, "silent", "since a segment of the peer was last received", IsRight: true, Rank: 3),
        new(ColumnId.Peer, "peer", "the other side, if it is on this host: its process, and whether keepalive is on there", Rank: 4),
        new(ColumnId.Pid, "pid", "process that holds it, the lowest id if several do", IsRight: true),
        new(ColumnId.Comm, "comm", "its name; without one orphan, unaccepted, kernel or time-wait"),
        new(ColumnId.Origin, "origin", "settings that are the socket's own", Rank: 10, IsWide: true),
        new(ColumnId.Netns, "netns", "inode of the network namespace", IsRight: true, Rank: 11, IsWide: true),
        new(ColumnId.Uid, "uid", "user of the socket", IsRight: true, Rank: 12, IsWide: true),
        new(ColumnId.Cgroup, "cgroup", "id of the cgroup (v2) that the socket was made in", IsRight: true, Rank: 13, IsWide: true),
        new(ColumnId.Cookie, "cookie", "SO_COOKIE", IsRight: true, Rank: 14, IsWide: true),
        new(ColumnId.Inode, "inode", "as /proc/PID/fd shows it", IsRight: true, Rank: 15, IsWide: true),
        new(ColumnId.Fd, "fd", "its lowest descriptor", IsRight: true, Rank: 16, IsWide: true),
        new(ColumnId.RecvQ, "recvq", "bytes not read; of a listener, connections to accept", IsRight: true, Rank: 17, IsWide: true),
        new(ColumnId.SendQ, "sendq", "bytes not acknowledged; of a listener, its backlog", IsRight: true, Rank: 18, IsWide: true),
        new(ColumnId.Retrans, "retrans", "how often the oldest of them was sent again", IsRight: true, Rank: 19, IsWide: true),
        new(ColumnId.Timer, "timer", "the one timer that ss -o shows, as it shows it", Rank: 20, IsWide: true),
        new(ColumnId.Command, "command", "command line", Rank: 21, IsWide: true),
    ];

    public string Heading => Name.ToUpperInvariant();

    /// <exception cref="FilterException">There is no such column.</exception>
    public static Column Parse(string name) =>
        All.FirstOrDefault(column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new FilterException($"bad column '{name}': it is one of {string.Join(", ", All.Select(column => column.Name))}");
}
