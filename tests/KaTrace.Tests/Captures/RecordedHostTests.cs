using CsCheck;
using KaTrace.Captures;
using KaTrace.Cli.Replaying;
using KaTrace.Events;
using KaTrace.Hosts;
using KaTrace.Output;
using KaTrace.Processes;
using KaTrace.Sockets;
using KaTrace.Tests.Hosts;
using KaTrace.Tests.Sockets;
using KaTrace.V1;
using static KaTrace.Tests.Captures.RecordedStory;

namespace KaTrace.Tests.Captures;

/// <summary>The host of a capture at a moment: the snapshot before it, and the events between.</summary>
public sealed class RecordedHostTests : IDisposable
{
    private readonly RecordedStory _story = new();

    public void Dispose() => _story.Dispose();

    [Fact]
    public void Settings_follow_the_events()
    {
        _story.Record(
            Snapshot(0),
            Event(2, Sample.Enabled),
            Event(4, Sample.Configured),
            Event(6, Sample.Disabled));

        Assert.Equal((false, 7200u, 9), Settings(1));
        Assert.Equal((true, 60u, 9), Settings(3));
        Assert.Equal((true, 60u, 3), Settings(5));
        Assert.Equal((false, 60u, 9), Settings(7));

        (bool, uint, int) Settings(double second) => _story.At(second) is var row ? (row.KeepaliveOn, row.Idle / MadeUpHost.Hz, row.Cnt) : default;
    }

    [Fact]
    public void Connections_come_and_go_with_the_events()
    {
        RawEvent came = Sample.Enabled with { Cookie = 77, Ino = 77, Rport = 50_000, Source = EventSource.State, Cause = EventCause.Inherited, Fd = -1 };
        _story.Record(
            Snapshot(0),
            Event(2, came),
            Event(4, Sample.Closed),
            Event(6, Sample.Closed with { Cookie = 77, Ino = 77, Rport = 50_000 }));

        Assert.Equal([Cookie], _story.Cookies(1));
        Assert.Equal([Cookie, 77ul], _story.Cookies(3));
        Assert.Equal([77ul], _story.Cookies(5));
        Assert.Empty(_story.Cookies(7));
        IHostLook look = _story.Look(3);
        SocketRow row = look.Table.Rows.ToArray().Single(r => r.Cookie == 77);
        Assert.Equal("redis-server", look.Table.Processes[look.Table.HoldersOf(in row)[0].Process].Comm);
        Assert.Equal("redis-server *:6379", look.ReadPrograms(look.Table.Processes).Details(look.Table.Processes[look.Table.HoldersOf(in row)[0].Process])!.CommandLine);
        Assert.Equal(TcpState.Listen, look.Table.Rows[row.Listener].State);
        Assert.False(row.KnowsUser);
    }

    /// <summary>Whoever compares two moments finds a socket at its place.</summary>
    [Fact]
    public void Events_do_not_move_a_socket_in_the_list()
    {
        RawEvent came = Sample.Enabled with { Cookie = 77, Ino = 77, Rport = 50_000 };
        _story.Record(Snapshot(0), Event(2, came), Event(3, came with { Cookie = 78, Ino = 78, Rport = 50_001 }), Event(4, Sample.Enabled), Event(5, came));

        Assert.Equal([Cookie, 77ul, 78ul], _story.Cookies(6));
    }

    [Fact]
    public void A_connection_without_a_cookie_is_found_by_its_ends()
    {
        _story.Record(Snapshot(0, cookie: 0, ino: 0), Event(2, Sample.Enabled));

        SocketRow row = _story.At(3);
        Assert.True(row.KeepaliveOn);
        Assert.Equal(2, _story.Look(3).Table.Rows.Length);
    }

    [Fact]
    public void The_next_probe_is_known_until_it_is_due()
    {
        _story.Record(Snapshot(0), Event(1, Sample.Armed with { Next = 5 * MadeUpHost.Hz }));

        SocketRow before = _story.At(4);
        Assert.True(before.AwaitsProbe);
        Assert.Equal(2 * MadeUpHost.Hz, (uint)before.Next);
        SocketRow after = _story.At(7);
        Assert.False(after.AwaitsProbe);
        Assert.True(after.KeepaliveOn);
    }

    [Fact]
    public void Silence_is_known_only_where_a_later_event_proves_it()
    {
        _story.Record(Snapshot(0), Event(2, Sample.Enabled with { Silent = 0 }), Event(10, Sample.Probe with { Silent = 4 * MadeUpHost.Hz }));

        Assert.Null(Silence(5)); // heard at 6
        Assert.Equal(2 * MadeUpHost.Hz, Silence(8));
        Assert.Equal(4 * MadeUpHost.Hz, Silence(10));
        Assert.Null(Silence(11));

        uint? Silence(double second) => _story.At(second) is var row && (row.Flags & SocketFlags.Silent) != 0 ? row.Silent : null;
    }

    [Fact]
    public void What_passes_without_an_event_is_unknown_and_that_is_said()
    {
        _story.Record(Snapshot(0, change: (ref row) => (row.RecvQueue, row.SendQueue, row.PacketsOut, row.Retransmits, row.Flags) = (1, 2, 3, 4, row.Flags | SocketFlags.OtherTimer)));

        SocketRow row = _story.At(1);
        Assert.False(row.KnowsPassing);
        Assert.Equal((0u, 0u, 0u, 0, SocketFlags.None), (row.RecvQueue, row.SendQueue, row.PacketsOut, row.Retransmits, row.Flags & (SocketFlags.OtherTimer | SocketFlags.Silent)));
        Assert.Matches("^the sockets of [^ ]+Z, with the events until [^ ]+Z: what makes no event is as it was then [(]sockets without keepalive, states[)], or unknown [(]queues, silence[)]$", Assert.Single(_story.Look(1).Table.Gaps));
        Assert.Null(_story.Look(1).ReadDescriptors(520));
    }

    [Fact]
    public void When_a_snapshot_ends_the_host_is_that_of_the_snapshot() => Gen.Int[0, int.MaxValue].Sample(
        seed =>
        {
            MadeUpLook host = RandomHosts.Look(seed);
            SocketTable table = new(host.Table.Rows.ToArray(), host.Table.Holders.ToArray(), host.Table.Processes, new KernelClock(host.Table.Clock.Hz, Clock.RealtimeOffsetNs), DateTimeOffset.UnixEpoch.AddTicks(UnixNs(0.5) / 100), host.Table.Gaps);
            MadeUpLook look = host with { Table = table };
            using TemporaryDirectory directory = new();
            string file = directory.File("a.katrace");
            new Recorded().Write([(r, _) => Write(r, SnapshotPart.Of(look, 1, Begin, Begin + (Second / 2)))], new CaptureOptions { Path = file });

            Assert.Equal(PrintedHost.Of(look), PrintedHost.Of(new RecordedHost([file], _ => UnixNs(0.5)).Look(programs: true)));
        },
        iter: 100,
        threads: 1);

    /// <summary>The list is long, and what happens meanwhile may be in the file before it.</summary>
    [Fact]
    public void Events_since_a_snapshot_was_begun_count_wherever_they_stand()
    {
        _story.Record(
            Event(0.5, Sample.Enabled with { Idle = 1 * MadeUpHost.Hz }),
            Event(1.5, Sample.Enabled with { Idle = 2 * MadeUpHost.Hz }),
            Snapshot(1, ended: 2));

        SocketRow row = _story.At(3);
        Assert.Equal((true, 2 * MadeUpHost.Hz), (row.KeepaliveOn, row.Idle));
    }

    [Fact]
    public void Events_of_before_a_snapshot_are_in_it_already()
    {
        _story.Record(Event(0.5, Sample.Enabled), Snapshot(1, ended: 2), Event(3, Sample.Probe with { Cookie = 77, Ino = 77, Rport = 50_000 }));

        Assert.False(_story.At(4).KeepaliveOn);
    }

    [Fact]
    public void The_last_snapshot_that_had_ended_is_taken()
    {
        _story.Record(
            Snapshot(1),
            Snapshot(4, ended: 6, cookie: 13));

        Assert.Equal([Cookie], _story.Cookies(2));
        Assert.Equal([Cookie], _story.Cookies(5));
        Assert.Equal([13ul], _story.Cookies(7));
        Assert.Equal([13ul], _story.Cookies(null));
        Assert.Contains($"the first list of sockets in {_story.Files[0]} is of {RfcTime.Of(UnixNs(1))}: ", Assert.Throws<InvalidDataException>(() => _story.Look(0.5)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_moment_it_is_the_end()
    {
        _story.Record(Snapshot(0), Event(2, Sample.Enabled));

        SocketTable table = _story.Look(null).Table;
        Assert.True(table.Rows.ToArray().Single(row => row.Cookie == Cookie).KeepaliveOn);
        Assert.InRange(table.Time, DateTimeOffset.UtcNow.AddSeconds(-10), DateTimeOffset.UtcNow);
    }

    [Fact]
    public void The_events_of_a_socket_until_then_are_its_history()
    {
        _story.Record(Snapshot(0), Event(1, Sample.Enabled), Event(2, Sample.Enabled with { Cookie = 99, Ino = 99, Rport = 99 }), Event(3, Sample.Probe), Event(5, Sample.Probe));

        RecordedHost host = _story.Host(4);
        SocketRow row = host.Look(programs: true).Table.Rows.ToArray().Single(one => one.Cookie == Cookie);

        Assert.Equal([V1.Event.Types.Kind.Enabled, V1.Event.Types.Kind.Probe], host.Last(in row, 10)!.Events.Select(e => e.Kind));
        Assert.Equal([V1.Event.Types.Kind.Probe], host.Last(in row, 1)!.Events.Select(e => e.Kind));
    }

    [Fact]
    public void Of_a_long_history_it_is_the_end()
    {
        _story.Record([Snapshot(0), .. Enumerable.Range(1, 1000).Select(i => Event(i / 100.0, Sample.Probe with { ProbesOut = 1, Unanswered = (uint)i }))]);

        RecordedHost host = _story.Host(5.001);
        SocketRow row = host.Look(programs: true).Table.Rows.ToArray().Single(one => one.Cookie == Cookie);
        Assert.Equal([498u, 499u, 500u], host.Last(in row, 3)!.Events.Select(e => e.Keepalive.Unanswered));
    }

    [Fact]
    public void A_socket_that_nothing_names_has_no_history()
    {
        _story.Record(Snapshot(0, more: host => host.Listen(null, "0.0.0.0:80", (ref row) => (row.Cookie, row.Ino) = (0, 0))), Event(1, Sample.Enabled));

        RecordedHost host = _story.Host(null);
        SocketRow row = host.Look(programs: true).Table.Rows.ToArray().Single(one => one.Lport == 80);
        Assert.Null(host.Last(in row, 10));
    }

    [Fact]
    public void What_was_lost_between_is_said()
    {
        _story.Record(
            Snapshot(1),
            (r, w) => r.Lost(w, Lost.Types.Place.KernelRing, 3, Begin, Clock),
            (r, w) => r.Lost(w, Lost.Types.Place.KernelRing, 7, Begin + (3 * Second), Clock));

        Assert.Single(_story.Look(2).Table.Gaps);
        Assert.Equal("7 events between the two are missing in the capture: what they told is not in this", _story.Look(4).Table.Gaps[1]);
    }

    [Theory]
    [InlineData("""{"allowList": [{"kind": ["PROBE"]}]}""", true)]
    [InlineData("""{"denyList": [{"kind": ["ANSWERED"]}]}""", true)]
    [InlineData("""{"allowList": [{"port": [6379]}, {"minUnanswered": 2}]}""", true)]
    [InlineData("""{"allowList": [{"port": [6379]}]}""", false)]
    public void Filters_by_kind_are_said(string filters, bool said)
    {
        Recorded recorded = new();
        recorded.Header.Filters = FilterList.Parser.ParseJson(filters);
        _story.Record(recorded, Snapshot(0));

        Assert.Equal(said ? ["the capture has some kinds of events only, by its filters: what others told is not in this"] : [], _story.Look(1).Table.Gaps.Skip(1));
    }

    [Fact]
    public void Of_two_recordings_with_a_pause_between_that_is_said_where_it_matters()
    {
        Recorded one = new(), other = new();
        other.Header.RecordingId = "r2";
        other.Header.FileNumber = 1; // in its file it is 2
        _story.Record(one, Snapshot(0), Event(1, Sample.Enabled));
        _story.Record(other, Event(2, Sample.Configured));
        Assert.Single(_story.Look(3).Table.Gaps); // before the other one was begun, which is now
        Assert.Equal(2, _story.Look(null).Table.Gaps.Count);

        Recorded last = new();
        last.Header.RecordingId = "r3";
        _story.Record(last, Snapshot(4), Event(5, Sample.Enabled));
        Assert.Single(_story.Look(null).Table.Gaps);
    }

    [Fact]
    public void It_goes_on_over_the_files_of_a_rotation_and_a_missing_one_is_said()
    {
        Action<Recorded, CaptureWriter> fill = (r, w) =>
        {
            for (int i = 0; i < 1000; i++)
                r.Event(w, Sample.Probe with { TimeNs = Begin + (2 * Second) + (ulong)i, Cookie = 500, Ino = 500, Rport = 500 }, null, Clock);
            w.SealIfOld(ulong.MaxValue);
        };
        _story.Rotate(100_000, Snapshot(0), fill, fill, Event(3, Sample.Enabled), fill, Event(4, Sample.Configured));
        string[] files = _story.Files;
        Assert.InRange(files.Length, 3, 5);

        SocketTable whole = new RecordedHost([.. files.Reverse()], null).Look(programs: false).Table;
        Assert.Equal((true, 3), whole.Rows.ToArray().Where(row => row.Cookie == Cookie).Select(row => (row.KeepaliveOn, (int)row.Cnt)).Single());
        Assert.Single(whole.Gaps);
        Assert.Equal("between the two a file is missing, or nothing was recorded for a time: what happened then is not in this", new RecordedHost([files[0], .. files[2..]], null).Look(programs: false).Table.Gaps[1]);
    }

    [Fact]
    public void Where_a_capture_was_cut_its_end_says_so()
    {
        _story.Record(Snapshot(1), Event(3, Sample.Enabled));
        byte[] bytes = File.ReadAllBytes(_story.Files[0]);
        int end = BlockBytes.Find(bytes).Last().Offset;
        File.WriteAllBytes(_story.Files[0], bytes[..(end + 5)]);

        Assert.Equal($"{_story.Files[0]} was cut short: it has no end behind byte {end:N0}, and 5 bytes of a block that is not whole. What came later, or had not been written for up to two seconds, is missing", _story.Look(null).Table.Gaps[^1]);
        Assert.Single(_story.Look(2).Table.Gaps);
    }

    [Fact]
    public void What_a_capture_cannot_tell_is_one_sentence()
    {
        _story.Record(Snapshot(1), Event(3, Sample.Enabled));
        string file = _story.Files[0];

        Assert.Matches($"^the first list of sockets in {file} is of [^ ]+Z: before it there is nothing to tell$", Refused(0.5));
        Assert.Matches("^[^ ]+Z is behind the end of the capture, [^ ]+Z$", Refused(1000));
        Assert.Equal([Cookie], _story.Cookies(2));

        byte[] bytes = File.ReadAllBytes(file);
        (int Offset, int End, BlockKind Kind) records = BlockBytes.Find(bytes).Single(block => block.Kind == BlockKind.Records);
        bytes[records.End - 9] ^= 1;
        File.WriteAllBytes(file, bytes);
        Assert.Matches($"^{file} is damaged in the block at byte {records.Offset}: its checksum does not fit; what lies before it was read; --at [^ ]+Z is the last moment that can be told$", Refused(null));
        Assert.Equal(Refused(null), Refused(1000));
        Assert.Equal([Cookie], _story.Cookies(1));

        File.WriteAllBytes(file, new Recorded().Write([Event(3, Sample.Enabled)]));
        Assert.Equal($"there is no list of sockets in {file}: 'katrace replay' shows the events", Refused(null));

        string Refused(double? second) => Assert.Throws<InvalidDataException>(() => _story.Look(second)).Message;
    }
}
