using KaTrace.Ring;
using static KaTrace.Tests.Ring.RingReading;

namespace KaTrace.Tests.Ring;

/// <summary>Where consumer_pos stands decides whether a traced program has to wake the reader.</summary>
public sealed class ConsumerPositionTests : IDisposable
{
    private readonly PlainRing _ring = new(4096);
    private readonly ScriptedPoll _poll;
    private readonly RingWait _wait;
    private readonly RingPipeReader _reader;

    public ConsumerPositionTests()
    {
        _poll = new ScriptedPoll(_ring);
        _wait = new RingWait(_ring.Memory, _poll);
        _reader = new RingPipeReader(_ring.Memory, _wait);
    }

    public void Dispose() => _ring.Dispose();

    [Fact]
    public void A_batch_given_back_leaves_the_position_within_its_last_record()
    {
        _ring.Produce(Payload(1));
        _ring.Produce(Payload(2));
        Assert.True(_reader.TryRead(out var result));
        Assert.Equal(0UL, _ring.ConsumerPosition);

        Take(_reader, result);

        Assert.Equal(_ring.ProducerPosition - 8, _ring.ConsumerPosition);
    }

    [Fact]
    public void A_commit_while_the_reader_is_awake_wakes_nobody()
    {
        _ring.Produce(Payload(1));
        int before = _ring.WakeUps;
        for (byte i = 0; i < 200; i++)
        {
            Assert.True(_reader.TryRead(out var result));
            Take(_reader, result);
            _ring.Produce(Payload(i, i));
        }

        Assert.Equal(before, _ring.WakeUps);
    }

    [Fact]
    public void The_full_position_is_stored_before_polling_so_that_the_next_commit_wakes()
    {
        _ring.Produce(Payload(1));
        Take(_reader, Read(_reader));
        ulong end = _ring.ProducerPosition;
        int before = _ring.WakeUps;
        _poll.DuringPoll = () =>
        {
            Assert.Equal(end, _ring.ConsumerPosition);
            _ring.Produce(Payload(2));
        };

        Assert.Equal(Payload(2), Assert.Single(Take(_reader, Read(_reader))));

        Assert.Equal(before + 1, _ring.WakeUps);
        Assert.Equal(1, _wait.WakeUps);
    }

    [Fact]
    public void A_position_stored_in_full_goes_back_when_the_first_record_is_busy()
    {
        _ring.Produce(Payload(1));
        Take(_reader, Read(_reader));
        ulong end = _ring.ProducerPosition;
        ulong busy = 0;
        _poll.DuringPoll = () => busy = _ring.Reserve(16)!.Value;

        Assert.Empty(Take(_reader, Read(_reader)));

        Assert.Equal(end - 8, _ring.ConsumerPosition);
        int before = _ring.WakeUps;
        _ring.Commit(busy);
        Assert.Equal(before, _ring.WakeUps);
    }

    [Fact]
    public void A_full_ring_holds_no_record_that_begins_at_the_position_held_back()
    {
        // Empty payloads are the densest: every multiple of 8 that can begin a record does.
        _ring.Produce([]);
        Take(_reader, Read(_reader));
        int before = _ring.WakeUps;
        int written = 0;
        while (_ring.Produce([]) is not null)
            written++;

        Assert.Equal(4096 / 8 - 2, written);
        Assert.Equal(before, _ring.WakeUps);
    }

    [Fact]
    public void Completion_gives_everything_back()
    {
        _ring.Produce(Payload(1));
        Take(_reader, Read(_reader));

        _reader.Complete();

        Assert.Equal(_ring.ProducerPosition, _ring.ConsumerPosition);
    }

    [Fact]
    public void A_new_reader_starts_where_the_last_one_completed()
    {
        _ring.Produce(Payload(1));
        Take(_reader, Read(_reader));
        _reader.Complete();
        _ring.Produce(Payload(2));

        RingMemory again = _ring.Map();
        RingPipeReader next = new(again, new RingWait(again, _poll));

        Assert.True(next.TryRead(out var result));
        Assert.Equal(24, result.Buffer.Length);
    }
}
