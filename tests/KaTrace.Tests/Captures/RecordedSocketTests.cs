using KaTrace.Events;
using KaTrace.Hosts;
using KaTrace.Knobs;
using KaTrace.Processes;
using KaTrace.Sockets;
using KaTrace.Tests.Sockets;
using static KaTrace.Tests.Captures.RecordedStory;

namespace KaTrace.Tests.Captures;

/// <summary>What the events behind a snapshot tell of its sockets: who holds them, what they are, which is which.</summary>
public sealed class RecordedSocketTests : IDisposable
{
    private static readonly ProcessIdentity Worker = Sample.Process(600, 600 * Second, "worker"u8, "worker --of redis");
    private static readonly ProcessIdentity First = Sample.Process(5, 5 * Second, "first"u8, null);

    private readonly RecordedStory _story = new();

    public void Dispose() => _story.Dispose();

    [Fact]
    public void An_event_tells_all_that_it_holds()
    {
        _story.Record(Snapshot(0), Event(1, Sample.Probe with
        {
            State = TcpState.CloseWait, Idle = 1, Intvl = 2, Cnt = 3, UserTimeout = 4, Own = KeepaliveSettings.Intvl, ProbesOut = 5, Silent = 6, Next = 700,
            CgroupId = 8, Flags = EventFlags.Keepalive | EventFlags.Kernel | EventFlags.Next | EventFlags.Silent | EventFlags.Owner,
        }));

        SocketRow row = _story.At(1);
        Assert.Equal((TcpState.CloseWait, 1u, 2u, 3, 4u, KeepaliveSettings.Intvl, 5), (row.State, row.Idle, row.Intvl, row.Cnt, row.UserTimeout, row.Own, row.ProbesOut));
        Assert.Equal((6u, 700, 8ul), (row.Silent, row.Next, row.CgroupId));
        Assert.Equal(SocketFlags.Keepalive | SocketFlags.Kernel | SocketFlags.Next | SocketFlags.Silent, row.Flags);
    }

    [Fact]
    public void What_an_event_does_not_know_stays()
    {
        _story.Record(Snapshot(0, change: (ref row) => row.CgroupId = 9), Event(1, Sample.Enabled with { Cookie = 0, Ino = 0, CgroupId = 0 }));

        SocketRow row = _story.At(1);
        Assert.Equal((true, Cookie, 34567ul, 9ul), (row.KeepaliveOn, row.Cookie, row.Ino, row.CgroupId));
    }

    [Fact]
    public void Whoever_an_event_names_holds_the_socket_by_its_descriptor()
    {
        _story.Record(
            Snapshot(0),
            Event(1, Sample.Enabled with { Fd = 9 }, Worker),
            Event(2, Sample.Enabled with { Fd = 3 }, First),
            Event(3, Sample.Probe, Worker));

        Assert.Equal(["redis-server 4"], Holders(0.5));
        Assert.Equal(["first 3", "redis-server 4", "worker 9"], Holders(4));
    }

    [Fact]
    public void Who_exits_holds_it_no_more_and_an_orphan_has_nobody()
    {
        _story.Record(
            Snapshot(0),
            Event(1, Sample.Enabled with { Fd = 9 }, Worker),
            Event(2, Sample.Probe with { Holding = Holding.Exited }, Redis),
            Event(3.5, Sample.Probe with { Fd = 3 }, First),
            Event(4, Sample.Probe with { Holding = Holding.Orphan }, Worker));

        Assert.Equal(["worker 9"], Holders(3));
        Assert.Equal(2, Holders(3.6).Length);
        Assert.Empty(Holders(5));
        Assert.Equal(SocketFlags.Orphan, _story.At(5).Flags & SocketFlags.Orphan);
    }

    [Fact]
    public void A_connection_is_accepted_once_it_has_an_inode()
    {
        _story.Record(Snapshot(0, ino: 0, change: (ref row) => row.Flags |= SocketFlags.Unaccepted), Event(1, Sample.Probe with { Ino = 0 }), Event(3, Sample.Probe));

        Assert.Equal((0ul, SocketFlags.Unaccepted), (_story.At(2).Ino, _story.At(2).Flags & SocketFlags.Unaccepted));
        Assert.Equal((34567ul, SocketFlags.None), (_story.At(4).Ino, _story.At(4).Flags & SocketFlags.Unaccepted));
    }

    [Fact]
    public void One_without_a_cookie_is_found_by_its_inode()
    {
        _story.Record(Snapshot(0, cookie: 0), Event(1, Sample.Enabled with { Rport = 0, Raddr = default }), Event(2, Sample.Enabled with { Cookie = 0, Ino = 99, Rport = 0, Raddr = default }));

        Assert.Equal([Cookie, 0ul], _story.Cookies(3));
    }

    /// <summary>What closed the one before was not seen.</summary>
    [Fact]
    public void Another_connection_between_the_same_ends_is_another()
    {
        _story.Record(
            Snapshot(0),
            Event(1, Sample.Enabled with { Cookie = 99, Ino = 99 }),
            Event(2, Sample.Enabled with { Cookie = 100, Ino = 34567, Rport = 50_000 }),
            Event(3, Sample.Closed),
            Event(4, Sample.Disabled with { Cookie = 0, Ino = 0 }));

        Assert.Equal([Cookie, 99ul, 100ul], _story.Cookies(2.5));
        Assert.Equal([99ul, 100ul], _story.Cookies(3.5));
        Assert.True(_story.At(3.5).KeepaliveOn);
        Assert.False(_story.At(4.5).KeepaliveOn);
        Assert.Equal([99ul, 100ul], _story.Cookies(4.5));
    }

    /// <summary>Before it has a cookie, its ends are all that names it.</summary>
    [Fact]
    public void What_comes_where_one_was_closed_is_another()
    {
        _story.Record(Snapshot(0), Event(1, Sample.Closed), Event(2, Sample.Enabled with { Cookie = 0, Ino = 0 }));

        Assert.Equal([0ul], _story.Cookies(3));
    }

    [Fact]
    public void Its_network_namespace_is_part_of_its_name()
    {
        RawEvent elsewhere = Sample.Enabled with { Cookie = 0, Netns = 1 };
        _story.Record(Snapshot(0, cookie: 0), Event(1, elsewhere), Event(2, elsewhere with { Ino = 0 }));

        Assert.False(_story.Look(3).Table.Rows[1].KeepaliveOn);
        Assert.Equal(3, _story.Look(3).Table.Rows.Length);
    }

    [Fact]
    public void The_earliest_that_a_later_event_proves_is_how_long_it_was_silent()
    {
        _story.Record(
            Snapshot(0),
            Event(1, Sample.Enabled with { Silent = 0 }),
            Event(6, Sample.Probe with { Silent = 3 * MadeUpHost.Hz }),
            Event(10, Sample.Answered with { Silent = 2 * MadeUpHost.Hz }));

        SocketRow row = _story.At(5);
        Assert.Equal((SocketFlags.Silent, 2 * MadeUpHost.Hz), (row.Flags & SocketFlags.Silent, row.Silent));
    }

    [Fact]
    public void The_other_side_and_the_listener_are_those_that_are_there_by_then()
    {
        Action<MadeUpHost> both = host => host.Join(
            host.Connect(0, "10.0.0.5:40000", "10.0.0.6:5432", (ref row) => row.Cookie = 50),
            host.Connect(0, "10.0.0.6:5432", "10.0.0.5:40000", (ref row) => row.Cookie = 51));
        _story.Record(Snapshot(0, more: both), Event(1, Sample.Closed), Event(3, Sample.Closed with { Cookie = 50, Ino = 50, Lport = 40000, Rport = 5432 }));

        SocketTable two = _story.Look(2).Table, one = _story.Look(4).Table;
        Assert.Equal([1ul, 50ul, 51ul], two.Rows.ToArray().Select(row => row.Cookie));
        Assert.Equal([-1, 2, 1], two.Rows.ToArray().Select(row => row.Peer));
        Assert.Equal([1ul, 51ul], one.Rows.ToArray().Select(row => row.Cookie));
        Assert.Equal([-1, -1], one.Rows.ToArray().Select(row => row.Peer));
    }

    /// <summary>No event tells when they are gone.</summary>
    [Fact]
    public void What_lasts_a_minute_at_most_is_of_the_snapshot_alone()
    {
        _story.Record(Snapshot(0, more: host => host.Connect(null, "10.0.0.5:40000", "10.0.0.6:5432", (ref row) => (row.Cookie, row.State) = (50, TcpState.TimeWait))));

        Assert.Equal([Cookie, 50ul], _story.Cookies(0));
        Assert.Equal([Cookie], _story.Cookies(1));
    }

    [Fact]
    public void A_process_that_has_come_to_run_another_program_is_that_one()
    {
        _story.Record(
            Snapshot(0),
            Event(2, Sample.Enabled, new ProcessIdentity(Redis.Key, "sleep"u8, details: null)),
            Event(4, Sample.Enabled, Sample.Process(520, Redis.Key.StartBoottimeNs, "nginx"u8, "nginx -g")),
            Event(6, Sample.Enabled, new ProcessIdentity(Redis.Key, "sleep"u8, details: null)));

        Assert.Equal(("redis-server", "redis-server --as-in-the-snapshot", true), Program(1));
        Assert.Equal(("sleep", null, false), Program(3));
        Assert.Equal(("nginx", "nginx -g", false), Program(5));
        Assert.Equal(("sleep", null, false), Program(7));

        (string Comm, string? CommandLine, bool RunsGo) Program(double second)
        {
            IHostLook look = _story.Look(second);
            SocketProcess process = look.Table.Processes[look.Table.HoldersOf(in look.Table.Rows[1])[0].Process];
            ProgramLookup programs = look.ReadPrograms(look.Table.Processes);
            return (process.Comm, programs.Details(process)?.CommandLine, programs.RunsGo(process));
        }
    }

    private string[] Holders(double second)
    {
        SocketTable table = _story.Look(second).Table;
        SocketRow row = table.Rows.ToArray().Single(one => one.Rport == 51812);
        return [.. table.HoldersOf(in row).ToArray().Select(holder => $"{table.Processes[holder.Process].Comm} {holder.Fd}")];
    }
}
