using KaTrace.Ring;
using static KaTrace.Tests.Ring.RingReading;

namespace KaTrace.Tests.Ring;

public sealed class ModerationTests : IDisposable
{
    private const int Size = 4096;

    private readonly PlainRing _ring = new(Size);
    private readonly ScriptedPoll _poll;
    private readonly RingWait _wait;
    private readonly RingPipeReader _reader;

    public ModerationTests()
    {
        _poll = new ScriptedPoll(_ring);
        _wait = new RingWait(_ring.Memory, _poll);
        _reader = new RingPipeReader(_ring.Memory, _wait);
    }

    public void Dispose() => _ring.Dispose();

    [Fact]
    public void Events_slower_than_500_a_second_each_wake_the_reader()
    {
        for (int i = 0; i < 20; i++)
            WakeAfter(2_100);

        Assert.Equal(20, _wait.WakeUps);
        Assert.Equal(0, _wait.ModeratedPeriods);
        Assert.Empty(_poll.SleptNs);
    }

    [Fact]
    public void Two_wake_ups_within_two_milliseconds_start_moderation()
    {
        WakeAfter(5_000);
        Assert.False(_wait.IsModerated);
        WakeAfter(1_900);

        Assert.True(_wait.IsModerated);
        Assert.Equal(1, _wait.ModeratedPeriods);
    }

    [Fact]
    public void A_moderated_reader_sleeps_instead_of_being_woken()
    {
        Moderate();
        int woken = _ring.WakeUps;
        int polls = _poll.Polls;
        _poll.DuringSleep = () => _ring.Produce(Payload(3));

        for (int i = 0; i < 50; i++)
            Assert.Single(Take(_reader, Read(_reader)));

        Assert.Equal(woken, _ring.WakeUps);
        Assert.Equal(polls, _poll.Polls);
        Assert.All(_poll.SleptNs, slept => Assert.Equal(200_000, slept));
        Assert.Equal(50, _wait.Sleeps);
    }

    [Fact]
    public void Two_milliseconds_without_data_end_moderation_and_the_next_event_wakes_again()
    {
        Moderate();
        int polls = _poll.Polls;
        _poll.DuringPoll = () => _ring.Produce(Payload(3));

        Assert.Single(Take(_reader, Read(_reader)));

        Assert.Equal(10, _poll.SleptNs.Count);
        Assert.Equal(polls + 1, _poll.Polls);
        Assert.False(_wait.IsModerated);
    }

    [Fact]
    public void Data_between_empty_sleeps_keeps_moderation_up()
    {
        Moderate();
        _poll.DuringSleep = () =>
        {
            if (_poll.SleptNs.Count % 9 == 0)
                _ring.Produce(Payload(3));
        };

        for (int i = 0; i < 5; i++)
            Assert.Single(Take(_reader, Read(_reader)));

        Assert.True(_wait.IsModerated);
        Assert.Equal(45, _poll.SleptNs.Count);
    }

    [Fact]
    public void The_sleep_halves_down_to_none_while_one_fills_more_than_a_quarter_of_the_ring()
    {
        Moderate();
        _poll.DuringSleep = () => ProduceBytes(Size / 4 + 128);

        for (int i = 0; i < 5; i++)
            Take(_reader, Read(_reader));

        // After 25 us none is worth a call: one look without a sleep, and then the shortest again.
        Assert.Equal([200_000, 100_000, 50_000, 25_000, 25_000], _poll.SleptNs);
    }

    [Fact]
    public void The_sleep_grows_back_to_the_configured_one_when_less_arrives()
    {
        Moderate();
        _poll.DuringSleep = () => ProduceBytes(Size / 4 + 128);
        for (int i = 0; i < 3; i++)
            Take(_reader, Read(_reader));
        _poll.SleptNs.Clear();
        _poll.DuringSleep = () => ProduceBytes(Size / 4);

        for (int i = 0; i < 5; i++)
            Take(_reader, Read(_reader));

        Assert.Equal([25_000, 50_000, 100_000, 200_000, 200_000], _poll.SleptNs);
    }

    [Fact]
    public void The_configured_sleep_may_change_at_any_time()
    {
        Moderate();
        _poll.DuringSleep = () => _ring.Produce(Payload(3));
        Take(_reader, Read(_reader));
        _wait.ModeratedSleep = TimeSpan.FromMilliseconds(1);

        for (int i = 0; i < 5; i++)
            Take(_reader, Read(_reader));

        Assert.Equal([200_000, 200_000, 400_000, 800_000, 1_000_000, 1_000_000], _poll.SleptNs);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1_001)]
    public void A_configured_sleep_of_none_or_of_more_than_a_millisecond_is_refused(int microseconds)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _wait.ModeratedSleep = TimeSpan.FromMicroseconds(microseconds));
    }

    [Fact]
    public void Data_that_arrives_just_before_the_poll_is_seen_by_the_last_look()
    {
        _ring.Produce(Payload(1));

        // The look that showed nothing was before the record above.
        _wait.ForData(position: 0);

        Assert.Equal(0, _poll.Polls);
    }

    private void WakeAfter(long microseconds)
    {
        _poll.DuringPoll = () =>
        {
            _poll.Pass(microseconds);
            _ring.Produce(Payload(1));
        };
        Assert.Single(Take(_reader, Read(_reader)));
        _poll.DuringPoll = null;
    }

    private void Moderate()
    {
        WakeAfter(5_000);
        WakeAfter(100);
        Assert.True(_wait.IsModerated);
    }

    private void ProduceBytes(int bytes)
    {
        for (; bytes > 0; bytes -= 128)
            Assert.NotNull(_ring.Produce(Payload(4, 120)));
    }
}
