using System.Diagnostics;
using KaTrace.Processes;

namespace KaTrace.Tests.Processes;

public sealed class PatienceTests
{
    private static readonly TimeSpan Once = TimeSpan.FromMilliseconds(10);

    [Fact]
    public void What_comes_in_time_is_waited_for()
    {
        Thread waiter = Thread.CurrentThread;
        TaskCompletionSource coming = new();
        Thread other = new(() =>
        {
            SpinWait.SpinUntil(() => waiter.ThreadState.HasFlag(System.Threading.ThreadState.WaitSleepJoin));
            coming.SetResult();
        }) { IsBackground = true };
        other.Start();
        new Patience(TimeSpan.FromSeconds(20), 0).WaitFor(coming.Task);
        Assert.True(coming.Task.IsCompleted);
        other.Join();
    }

    /// <summary>A task's wait goes by a clock of coarse ticks, ten milliseconds at most, at both ends.</summary>
    [Fact]
    public void What_does_not_come_is_waited_for_once() =>
        Assert.InRange(Waits(new Patience(20 * Once, 0), 1), 18 * Once, TimeSpan.FromSeconds(5));

    [Fact]
    public void In_the_long_run_no_more_than_a_share_is_waited() =>
        // Without an end to it this were 20 s.
        Assert.InRange(Waits(new Patience(Once, 0.2), 2000), 10 * Once, TimeSpan.FromSeconds(5));

    [Fact]
    public void Patience_comes_back_with_time()
    {
        Patience patience = new(Once, 0.5);
        Waits(patience, 100);
        Assert.True(SpinWait.SpinUntil(() => Waits(patience, 1) > TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(20)));
    }

    private static TimeSpan Waits(Patience patience, int times)
    {
        long before = Stopwatch.GetTimestamp();
        for (int i = 0; i < times; i++)
            patience.WaitFor(new TaskCompletionSource().Task);
        return Stopwatch.GetElapsedTime(before);
    }
}
