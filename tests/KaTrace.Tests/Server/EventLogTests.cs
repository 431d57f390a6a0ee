using KaTrace.Events;
using KaTrace.Server.Log;
using KaTrace.V1;

namespace KaTrace.Tests.Server;

public sealed class EventLogTests
{
    [Fact]
    public void What_is_not_published_cannot_be_read()
    {
        using EventLog log = new();
        Append(log);

        Assert.Null(log.Read(1, out _).Segment);
        log.Publish();
        Assert.NotNull(log.Read(1, out _).Segment);
    }

    [Fact]
    public void A_segment_that_is_being_read_is_not_written_over()
    {
        using EventLog log = new(bytes: 0);
        Append(log);
        log.Publish();
        LogSlice held = log.Read(1, out _);
        byte[] before = held.Segment!.Encoded(0, 1).ToArray();

        Fill(log, 20 * LogSegment.MaxEvents);

        Assert.Equal(before, held.Segment.Encoded(0, 1).ToArray());
        log.Release(held);
    }

    [Fact]
    public void A_part_of_a_slice_has_as_many_events_as_fit_and_one_at_least()
    {
        using EventLog log = new();
        Fill(log, 10);
        LogSlice slice = log.Read(3, out _);
        int[] lengths = [.. Enumerable.Range(slice.First, slice.End - slice.First).Select(i => slice.Segment!.Encoded(i, i + 1).Length)];

        Assert.Equal(slice, slice.Within(lengths.Sum()));
        Assert.Equal(slice.End - 1, slice.Within(lengths.Sum() - 1).End);
        Assert.Equal(slice.First + 3, slice.Within(lengths[..3].Sum()).End);
        Assert.Equal(slice.First + 3, slice.Within(lengths[..4].Sum() - 1).End);
        Assert.Equal(slice.First + 1, slice.Within(lengths[0]).End);
        Assert.Equal(slice.First + 1, slice.Within(1).End);
        log.Release(slice);
    }

    [Fact]
    public void Appending_and_reading_allocate_nothing_in_the_long_run()
    {
        using EventLog log = new(bytes: 0);
        Fill(log, 10 * LogSegment.MaxEvents);
        ulong next = log.End;
        Allocation.AssertNone(() =>
        {
            Fill(log, 64);
            LogSlice slice = log.Read(next, out _);
            next = slice.NextSequence;
            log.Release(slice);
        });
    }

    [Fact]
    public async Task Who_waits_is_woken_by_the_next_event_and_by_an_interrupt()
    {
        using EventLog log = new();
        LogWaiter waiter = log.NewWaiter();
        Task woken = waiter.ForAsync(1).AsTask();
        Assert.False(woken.IsCompleted);

        Append(log);
        log.Publish();
        await woken.WaitAsync(TimeSpan.FromSeconds(20));

        Task interrupted = waiter.ForAsync(2).AsTask();
        Assert.False(interrupted.IsCompleted);
        waiter.Interrupt();
        await interrupted.WaitAsync(TimeSpan.FromSeconds(20));
        await waiter.ForAsync(2).AsTask().WaitAsync(TimeSpan.FromSeconds(20)); // and does not wait again
    }

    /// <summary>Between a look at the log and the wait, an event may come that nobody will be woken for again.</summary>
    [Fact]
    public void Who_waits_for_an_event_that_is_there_does_not_wait()
    {
        using EventLog log = new();
        Append(log);
        log.Publish();

        Assert.True(log.NewWaiter().ForAsync(1).AsTask().IsCompleted);
        Assert.False(log.NewWaiter().ForAsync(2).AsTask().IsCompleted);
    }

    [Fact]
    public async Task A_nudge_ends_one_wait_this_one_or_the_next()
    {
        using EventLog log = new();
        LogWaiter waiter = log.NewWaiter();
        Task nudged = waiter.ForAsync(1).AsTask();
        Assert.False(nudged.IsCompleted);
        waiter.Nudge();
        await nudged.WaitAsync(TimeSpan.FromSeconds(20));

        waiter.Nudge();
        Assert.True(waiter.ForAsync(1).AsTask().IsCompleted);
        Assert.False(waiter.ForAsync(1).AsTask().IsCompleted);
    }

    [Fact]
    public async Task No_wake_up_is_lost_however_many_wait()
    {
        using EventLog log = new();
        const int Readers = 100;
        const ulong Events = 2_000;
        Task[] readers = [.. Enumerable.Range(0, Readers).Select(_ => Task.Run(async () =>
        {
            LogWaiter waiter = log.NewWaiter();
            for (ulong next = 1; next <= Events;)
            {
                LogSlice slice = log.Read(next, out ulong missed);
                Assert.Equal(0ul, missed);
                if (slice.Segment is null)
                {
                    await waiter.ForAsync(next);
                    continue;
                }

                next = slice.NextSequence;
                log.Release(slice);
            }
        }))];

        for (ulong i = 0; i < Events; i++)
        {
            Append(log);
            log.Publish();
            if (i % 50 == 0)
                await Task.Yield();
        }

        await Task.WhenAll(readers).WaitAsync(TimeSpan.FromSeconds(30));
    }

    private static void Append(EventLog log)
    {
        EventRecord record = Sample.Probe.ToRecord();
        log.Append(in record, Sample.Redis, Sample.Clock);
    }

    private static void Fill(EventLog log, int count)
    {
        for (int i = 0; i < count; i++)
            Append(log);
        log.Publish();
    }
}
