using System.IO.Pipelines;
using KaTrace.Ring;
using static KaTrace.Tests.Ring.RingReading;

namespace KaTrace.Tests.Ring;

/// <summary>Cancel, stop and completion, with a reader that really sleeps in poll(2).</summary>
public sealed class ReadEndsTests : IDisposable
{
    private readonly PlainRing _ring = new(4096);
    private readonly RingPipeReader _reader;

    public ReadEndsTests() =>
        _reader = new RingPipeReader(_ring.Memory, new RingWait(_ring.Memory, new RingPoll(ringFd: -1)));

    public void Dispose()
    {
        _reader.Complete();
        _ring.Dispose();
    }

    [Fact]
    public async Task A_cancel_ends_the_read_under_way()
    {
        Task<ReadResult> read = ReadOnOwnThread(CancellationToken.None);

        _reader.CancelPendingRead();

        ReadResult result = await read.WaitAsync(Deadline, TestContext.Current.CancellationToken);
        Assert.True(result.IsCanceled);
        Assert.False(result.IsCompleted);
        Assert.True(result.Buffer.IsEmpty);
        _reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
    }

    [Fact]
    public void A_read_outlasts_polls_that_find_nothing_unless_it_is_to_return_when_quiet()
    {
        using PlainRing ring = new(4096);
        ScriptedPoll poll = new(ring);
        RingPipeReader reader = new(ring.Memory, new RingWait(ring.Memory, poll));
        poll.DuringPoll = () =>
        {
            if (poll.Polls == 3)
                reader.CancelPendingRead();
        };
        Give(reader, reader.ReadAsync());
        Assert.Equal(3, poll.Polls);

        reader.ReturnsWhenQuiet = true;
        Give(reader, reader.ReadAsync());
        Assert.Equal(4, poll.Polls);
        Give(reader, reader.ReadAsync());
        Assert.Equal(5, poll.Polls);

        static void Give(RingPipeReader reader, ValueTask<ReadResult> read)
        {
            Assert.True(read.IsCompleted);
            ReadResult result = read.AsTask().GetAwaiter().GetResult();
            Assert.True(result.IsCanceled);
            Assert.True(result.Buffer.IsEmpty);
            reader.AdvanceTo(result.Buffer.End);
        }
    }

    [Fact]
    public void Cancel_stop_and_a_cancelled_token_each_interrupt_the_sleep()
    {
        // The reader would look up by itself after the 100 ms of a poll: that is not what ends its sleep.
        using PlainRing ring = new(4096);
        ScriptedPoll poll = new(ring);
        RingPipeReader reader = new(ring.Memory, new RingWait(ring.Memory, poll));
        using CancellationTokenSource source = new();

        poll.DuringPoll = source.Cancel;
        Assert.ThrowsAny<OperationCanceledException>(() => ReadUntil(reader, source.Token));
        Assert.Equal(1, poll.Interrupts);

        poll.DuringPoll = reader.CancelPendingRead;
        Take(reader, Read(reader));
        Assert.Equal(2, poll.Interrupts);

        poll.DuringPoll = reader.Stop;
        Take(reader, Read(reader));
        Assert.Equal(3, poll.Interrupts);
    }

    [Fact]
    public void A_cancel_without_a_read_ends_the_next_one_only_and_shows_what_is_there()
    {
        _ring.Produce(Payload(1));
        _reader.CancelPendingRead();

        ReadResult result = Read(_reader);
        Assert.True(result.IsCanceled);
        Assert.Single(Take(_reader, result));

        _ring.Produce(Payload(2));
        result = Read(_reader);
        Assert.False(result.IsCanceled);
        Assert.Single(Take(_reader, result));
        Assert.False(_reader.TryRead(out _));
    }

    [Fact]
    public async Task A_cancel_ends_the_wait_for_a_busy_record()
    {
        ulong busy = _ring.Reserve(16)!.Value;
        Take(_reader, Read(_reader));
        Task<ReadResult> read = ReadOnOwnThread(CancellationToken.None);

        _reader.CancelPendingRead();

        ReadResult result = await read.WaitAsync(Deadline, TestContext.Current.CancellationToken);
        Assert.True(result.IsCanceled);
        Assert.Empty(Take(_reader, result));
        _ring.Commit(busy);
        Assert.True(_reader.TryRead(out result));
        Assert.Single(Take(_reader, result));
    }

    [Fact]
    public async Task A_cancelled_token_ends_the_read_under_way_without_a_batch()
    {
        using CancellationTokenSource source = new();
        Task<ReadResult> read = ReadOnOwnThread(source.Token);

        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => read.WaitAsync(Deadline, TestContext.Current.CancellationToken));
        _ring.Produce(Payload(1));
        Assert.Single(Take(_reader, Read(_reader)));
    }

    [Fact]
    public void A_token_cancelled_before_fails_the_read_even_if_there_is_data()
    {
        _ring.Produce(Payload(1));

        Assert.ThrowsAny<OperationCanceledException>(() => ReadUntil(_reader, new CancellationToken(canceled: true)));
        Assert.Single(Take(_reader, Read(_reader)));
    }

    [Fact]
    public async Task A_stop_ends_the_read_under_way()
    {
        Task<ReadResult> read = ReadOnOwnThread(CancellationToken.None);

        _reader.Stop();

        Assert.True((await read.WaitAsync(Deadline, TestContext.Current.CancellationToken)).IsCompleted);
    }

    [Fact]
    public void After_a_stop_a_read_returns_what_was_committed_before_and_says_that_it_is_the_last()
    {
        _ring.Produce(Payload(1));
        _reader.Stop();

        ReadResult result = Read(_reader);

        Assert.True(result.IsCompleted);
        Assert.Equal(Payload(1), Assert.Single(Take(_reader, result)));
        Assert.True(Read(_reader).Buffer.IsEmpty);
    }

    [Fact]
    public void After_a_stop_a_busy_record_is_not_waited_for()
    {
        _ring.Reserve(16);
        Take(_reader, Read(_reader));
        _reader.Stop();

        ReadResult result = Read(_reader);

        Assert.True(result.IsCompleted);
        Assert.Empty(Take(_reader, result));
    }

    [Fact]
    public void A_complete_reader_reads_no_more()
    {
        _reader.Complete();

        Assert.Throws<InvalidOperationException>(() => _reader.TryRead(out _));
        Assert.Throws<InvalidOperationException>(() => Read(_reader));
        Assert.Throws<ObjectDisposedException>(() => _ring.Memory.GetSpan());
    }

    [Fact]
    public void Cancel_stop_and_completion_of_a_complete_reader_do_nothing()
    {
        _reader.Complete();

        _reader.CancelPendingRead();
        _reader.Stop();
        _reader.Complete();
    }

    [Fact]
    public void A_batch_has_to_be_given_back_before_the_next_read()
    {
        _ring.Produce(Payload(1));
        ReadResult result = Read(_reader);

        Assert.Throws<InvalidOperationException>(() => Read(_reader));

        _reader.AdvanceTo(result.Buffer.End);
        Assert.Throws<InvalidOperationException>(() => _reader.AdvanceTo(result.Buffer.End));
    }

    [Theory]
    [InlineData(4, 24, "within a header")]
    [InlineData(24, 0, "examined less than consumed")]
    [InlineData(32, 32, "beyond the batch")]
    public void A_position_that_no_record_ends_at_is_refused(int consumed, int examined, string title)
    {
        _ring.Produce(Payload(1));
        ReadResult result = Read(_reader);
        object segment = result.Buffer.Start.GetObject()!;

        Assert.True(
            Record.Exception(() => _reader.AdvanceTo(new(segment, consumed), new(segment, examined)))
                is ArgumentOutOfRangeException, title);
        Assert.Equal(0UL, _ring.ConsumerPosition);
    }

    [Fact]
    public async Task Copying_the_raw_ring_is_refused()
    {
        await Assert.ThrowsAsync<NotSupportedException>(
            () => _reader.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken));
    }

    private Task<ReadResult> ReadOnOwnThread(CancellationToken cancellationToken)
    {
        TaskCompletionSource started = new();
        Task<ReadResult> read = Task.Factory.StartNew(
            () =>
            {
                started.SetResult();
                return ReadUntil(_reader, cancellationToken);
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        started.Task.Wait(Deadline, TestContext.Current.CancellationToken);
        return read;
    }
}
