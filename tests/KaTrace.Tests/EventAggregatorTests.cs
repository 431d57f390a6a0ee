using CsCheck;
using KaTrace.Events;
using KaTrace.Processes;

namespace KaTrace.Tests;

public sealed class EventAggregatorTests
{
    private const ulong Second = 1_000_000_000;

    private readonly EventAggregator _aggregator = new(TimeSpan.FromSeconds(10));
    private readonly List<(EventKind Kind, ulong Socket, Occurrence Occurrence, ulong TimeNs)> _told = [];
    private ulong _sequence;

    [Fact]
    public void What_repeats_is_told_once_as_the_last_with_its_number_and_the_time_of_the_first()
    {
        for (ulong second = 0; second < 5; second++)
            Take(Sample.Probe with { TimeNs = second * Second });
        Assert.Empty(_told);

        _aggregator.Tell(Told);

        Assert.Equal((EventKind.Probe, new Occurrence(5, 5, 0), 4 * Second), (_told[0].Kind, _told[0].Occurrence, _told[0].TimeNs));
        Assert.Single(_told);
    }

    [Fact]
    public void The_window_opens_with_the_first_that_is_held()
    {
        foreach (ulong second in (ulong[])[3, 8, 12, 13, 14])
            Take(Sample.Probe with { TimeNs = second * Second });

        Assert.Equal(new Occurrence(3, 3, 3 * Second), Assert.Single(_told).Occurrence);
        Assert.Equal(TimeSpan.FromSeconds(8), _aggregator.Left(15 * Second));
        Assert.Equal(4ul, _aggregator.FirstSequence);
    }

    [Fact]
    public void Sockets_and_kinds_are_told_apart()
    {
        Take(Sample.Probe);
        Take(Sample.Probe with { Sk = 7 });
        Take(Sample.Answered);
        Take(Sample.Probe);
        _aggregator.Tell(Told);

        Assert.Equal([(EventKind.Probe, 7ul, 1u), (EventKind.Answered, Sample.Probe.Sk, 1u), (EventKind.Probe, Sample.Probe.Sk, 2u)], _told.Select(t => (t.Kind, t.Socket, t.Occurrence.Count)));
    }

    [Fact]
    public void A_change_of_state_is_told_behind_what_is_held_of_its_socket()
    {
        Take(Sample.Probe with { Sk = 7 });
        Take(Sample.Probe);
        Take(Sample.Timeout);

        Assert.Equal([1ul, 2, 3], _told.Select(t => t.Occurrence.Sequence));
    }

    [Fact]
    public void A_change_of_state_of_another_socket_is_told_at_once_and_ends_nothing()
    {
        Take(Sample.Probe);
        Take(Sample.Timeout with { Sk = 7 });
        Take(Sample.Probe);
        _aggregator.Tell(Told);

        Assert.Equal([(EventKind.Timeout, 2ul, 1u), (EventKind.Probe, 3ul, 2u)], _told.Select(t => (t.Kind, t.Occurrence.Sequence, t.Occurrence.Count)));
    }

    [Fact]
    public void Another_socket_in_the_memory_of_the_first_and_another_owner_are_others()
    {
        Take(Sample.Probe);
        Take(Sample.Probe with { Rport = 9 });
        Take(Sample.Probe with { Rport = 9 }, Sample.Shop);
        _aggregator.Tell(Told);

        Assert.Equal([1u, 1, 1], _told.Select(t => t.Occurrence.Count));
    }

    [Fact]
    public void More_sockets_than_there_is_room_for_end_the_window()
    {
        for (ulong socket = 0; socket < 3 * EventAggregator.MostHeld; socket++)
            Take(Sample.Probe with { Sk = socket });

        Assert.InRange(_told.Count, 2 * EventAggregator.MostHeld, 3 * EventAggregator.MostHeld);
    }

    [Fact]
    public void Long_command_lines_end_it_sooner()
    {
        ProcessIdentity wordy = Sample.Process(520, 1, "redis-server"u8, new string('x', 4096));
        for (ulong socket = 0; socket < EventAggregator.MostHeld; socket++)
            Take(Sample.Probe with { Sk = socket }, wordy);

        Assert.InRange(_told.Count, EventAggregator.MostHeld / 2, EventAggregator.MostHeld);
    }

    [Fact]
    public void Every_event_is_told_once_and_each_socket_in_its_order() =>
        Gen.Select(Gen.ULong[1, 4], Gen.OneOf(Gen.Const(EventKind.Probe), Gen.Const(EventKind.Answered), Gen.Const(EventKind.Closed)), Gen.ULong[0, 3]).Array[0, 60].Sample(events =>
        {
            EventAggregatorTests test = new();
            ulong time = 0;
            foreach ((ulong socket, EventKind kind, ulong seconds) in events)
                test.Take(Sample.Probe with { Sk = socket, Kind = kind, TimeNs = time += seconds * Second });
            test._aggregator.Tell(test.Told);

            foreach (IGrouping<(ulong, EventKind), (ulong, EventKind, ulong)> made in events.GroupBy(e => (e.Item1, e.Item2)))
                Assert.Equal((uint)made.Count(), (uint)test._told.Where(t => (t.Socket, t.Kind) == made.Key).Sum(t => t.Occurrence.Count));
            foreach (IGrouping<ulong, (EventKind Kind, ulong Socket, Occurrence Occurrence, ulong TimeNs)> socket in test._told.GroupBy(t => t.Socket))
                Assert.Equal(socket.Select(t => t.Occurrence.Sequence).Order(), socket.Select(t => t.Occurrence.Sequence));
        });

    [Fact]
    public void Holding_and_telling_allocate_nothing_in_the_long_run()
    {
        EventRecord[] records = [.. Enumerable.Range(0, 50).Select(i => (Sample.Probe with { Sk = (ulong)i }).ToRecord())];
        EventAggregator.Teller nobody = static (in _, _, _) => { };
        HoldAll();
        Allocation.AssertNone(HoldAll);

        void HoldAll()
        {
            foreach (ref readonly EventRecord record in records.AsSpan())
            {
                if (!_aggregator.EndsBefore(in record, Sample.Redis))
                    _aggregator.Hold(in record, Sample.Redis, 1);
            }

            _aggregator.Tell(nobody);
        }
    }

    [Theory]
    [InlineData(0, "bad window 0 s: it is from 0.1 s to 1 h")]
    [InlineData(3601, "bad window 3601 s: it is from 0.1 s to 1 h")]
    public void A_window_has_its_limits(int seconds, string message) =>
        Assert.Equal(message, Assert.Throws<FormatException>(() => EventAggregator.CheckWindow(TimeSpan.FromSeconds(seconds))).Message);

    private void Take(RawEvent raw, ProcessIdentity? process = null)
    {
        process ??= Sample.Redis;
        EventRecord record = raw.ToRecord();
        _sequence++;
        if (_aggregator.EndsBefore(in record, process))
            _aggregator.Tell(Told);
        if (EventAggregator.Repeats(record.Kind))
            _aggregator.Hold(in record, process, _sequence);
        else
            Told(in record, process, _sequence);
    }

    private void Told(in EventRecord record, ProcessIdentity? process, Occurrence occurrence) => _told.Add((record.Kind, record.Sk, occurrence, record.TimeNs));
}
