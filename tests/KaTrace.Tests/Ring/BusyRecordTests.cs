using KaTrace.Ring;
using static KaTrace.Tests.Ring.RingReading;

namespace KaTrace.Tests.Ring;

public sealed class BusyRecordTests : IDisposable
{
    private readonly PlainRing _ring = new(4096);
    private readonly ScriptedPoll _poll;
    private readonly RingPipeReader _reader;

    public BusyRecordTests()
    {
        _poll = new ScriptedPoll(_ring);
        _reader = new RingPipeReader(_ring.Memory, new RingWait(_ring.Memory, _poll));
    }

    public void Dispose() => _ring.Dispose();

    [Fact]
    public void A_read_waits_for_the_commit_of_the_record_even_if_nothing_else_is_produced()
    {
        ulong busy = StopAtBusyRecord();
        _poll.DuringSleep = () =>
        {
            if (_poll.SleptNs.Count == 3)
                _ring.Commit(busy);
        };

        var result = Read(_reader);

        Assert.Equal(Payload(9), Assert.Single(Take(_reader, result)));
        Assert.Equal(3, _poll.SleptNs.Count);
    }

    [Fact]
    public void Waiting_for_a_commit_sleeps_and_never_polls_the_ring()
    {
        // A ring with a busy record polls as readable, so that poll(2) would return at once, again and again.
        ulong busy = StopAtBusyRecord();
        _poll.DuringSleep = () => _ring.Commit(busy);

        Read(_reader);

        Assert.Equal(0, _poll.Polls);
        Assert.InRange(Assert.Single(_poll.SleptNs), 1, 1_000_000);
    }

    [Fact]
    public void Records_that_arrive_behind_a_busy_one_do_not_end_the_wait_and_come_with_it()
    {
        ulong busy = StopAtBusyRecord();
        _poll.DuringSleep = () =>
        {
            if (_poll.SleptNs.Count < 5)
                _ring.Produce(Payload(10));
            else
                _ring.Commit(busy);
        };

        var result = Read(_reader);

        Assert.Equal([Payload(9), Payload(10), Payload(10), Payload(10), Payload(10)], Take(_reader, result));
        Assert.Equal(5, _poll.SleptNs.Count);
    }

    [Fact]
    public void A_record_committed_before_the_next_read_is_returned_at_once()
    {
        ulong busy = StopAtBusyRecord();
        _ring.Commit(busy);

        Assert.True(_reader.TryRead(out var result));
        Assert.Equal(Payload(9), Assert.Single(Take(_reader, result)));
    }

    [Fact]
    public void A_busy_record_that_is_discarded_ends_the_wait_too()
    {
        ulong busy = StopAtBusyRecord();
        _ring.Commit(busy, discard: true);

        Assert.True(_reader.TryRead(out var result));
        Assert.Empty(Take(_reader, result));
        Assert.False(_reader.TryRead(out _));
    }

    [Fact]
    public void The_commit_of_a_record_that_the_reader_waits_for_causes_no_wake_up()
    {
        ulong busy = StopAtBusyRecord();
        int before = _ring.WakeUps;

        _ring.Commit(busy);

        Assert.Equal(before, _ring.WakeUps);
    }

    [Fact]
    public void What_was_not_examined_is_returned_at_once_busy_or_not()
    {
        _ring.Produce(Payload(1));
        _ring.Reserve(16);
        Assert.True(_reader.TryRead(out var result));
        _reader.AdvanceTo(result.Buffer.GetPosition(24));

        Assert.True(_reader.TryRead(out result));
        Assert.Equal(24, result.Buffer.Length);
    }

    [Fact]
    public void A_ready_record_that_is_left_twice_makes_the_read_wait_for_more()
    {
        _ring.Produce(Payload(1));
        for (int i = 0; i < 2; i++)
        {
            Assert.True(_reader.TryRead(out var seen));
            _reader.AdvanceTo(seen.Buffer.Start, seen.Buffer.End);
        }

        Assert.False(_reader.TryRead(out _));
        _poll.DuringSleep = () => _ring.Produce(Payload(2));

        Assert.Equal([Payload(1), Payload(2)], Take(_reader, Read(_reader)));
        Assert.Single(_poll.SleptNs);
    }

    private ulong StopAtBusyRecord()
    {
        _ring.Produce(Payload(1));
        ulong busy = _ring.Reserve(16)!.Value;
        _ring.Fill(busy, Payload(9));
        Assert.True(_reader.TryRead(out var result));
        Assert.Equal(Payload(1), Assert.Single(Take(_reader, result)));
        Assert.False(_reader.TryRead(out _));
        return busy;
    }
}
