using System.Diagnostics;
using System.IO.Pipes;
using KaTrace.Ring;
using static KaTrace.Tests.Ring.RingReading;

namespace KaTrace.Tests.Ring;

/// <summary>Sleeping on descriptors for real.</summary>
public sealed class PollTests
{
    // Far beyond the deadline: a test that sleeps through fails.
    private const int LongMs = 60_000;
    private const long LongNs = LongMs * 1_000_000L;

    [Fact]
    public async Task A_poll_is_interrupted_from_another_thread()
    {
        using RingPoll poll = new(ringFd: -1);
        Task<bool> hasData = Task.Run(() => poll.WaitForRing(LongMs), TestContext.Current.CancellationToken);

        poll.Interrupt();

        Assert.False(await hasData.WaitAsync(Deadline, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_sleep_is_interrupted_from_another_thread()
    {
        using RingPoll poll = new(ringFd: -1);
        Task sleep = Task.Run(() => poll.Sleep(LongNs), TestContext.Current.CancellationToken);

        poll.Interrupt();

        await sleep.WaitAsync(Deadline, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task An_interruption_ends_the_next_sleep_and_only_that()
    {
        using RingPoll poll = new(ringFd: -1);
        poll.Interrupt();
        poll.Interrupt();
        Task first = Task.Run(() => poll.Sleep(LongNs), TestContext.Current.CancellationToken);
        await first.WaitAsync(Deadline, TestContext.Current.CancellationToken);

        Stopwatch watch = Stopwatch.StartNew();
        poll.Sleep(20_000_000);
        Assert.InRange(watch.ElapsedMilliseconds, 19, LongMs);
        watch.Restart();
        Assert.False(poll.WaitForRing(20));
        Assert.InRange(watch.ElapsedMilliseconds, 19, LongMs);
    }

    [Fact]
    public async Task Data_in_the_ring_ends_a_poll_and_not_a_sleep()
    {
        // To poll(2) a pipe with a byte in it is what a ring with a record in it is.
        using AnonymousPipeServerStream ring = new(PipeDirection.In);
        using AnonymousPipeClientStream producer = new(PipeDirection.Out, ring.ClientSafePipeHandle);
        using RingPoll poll = new((int)ring.SafePipeHandle.DangerousGetHandle());
        Assert.False(poll.WaitForRing(0));
        Task<bool> hasData = Task.Run(() => poll.WaitForRing(LongMs), TestContext.Current.CancellationToken);

        producer.WriteByte(1);

        Assert.True(await hasData.WaitAsync(Deadline, TestContext.Current.CancellationToken));
        Stopwatch watch = Stopwatch.StartNew();
        poll.Sleep(20_000_000);
        Assert.InRange(watch.ElapsedMilliseconds, 19, LongMs);
    }

    [Fact]
    public void An_interruption_after_disposal_does_nothing()
    {
        RingPoll poll = new(ringFd: -1);
        poll.Dispose();

        poll.Interrupt();
    }
}
