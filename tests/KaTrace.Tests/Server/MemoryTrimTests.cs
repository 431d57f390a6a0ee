using System.Runtime.CompilerServices;
using KaTrace.Server.Streaming;

namespace KaTrace.Tests.Server;

/// <summary>When memory is given back, by a clock that the test sets.</summary>
public sealed class MemoryTrimTests : IDisposable
{
    private static readonly TimeSpan After = TimeSpan.FromSeconds(2), Every = TimeSpan.FromSeconds(10);

    private readonly HandClock _clock = new();
    private readonly MemoryTrim _trim;

    public MemoryTrimTests() => _trim = new MemoryTrim(After, Every, _clock);

    public void Dispose() => _trim.Dispose();

    [Fact]
    public void What_was_taken_is_given_back_some_time_after_the_end()
    {
        WeakReference taken = Take();
        _trim.Soon();
        _clock.Pass(After - TimeSpan.FromMilliseconds(1));
        Assert.Equal(0, _trim.Times);
        _clock.Pass(TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, _trim.Times);
        Assert.False(taken.IsAlive);
    }

    [Fact]
    public void Ends_that_follow_each_other_are_one()
    {
        _trim.Soon();
        _clock.Pass(After / 2);
        _trim.Soon();
        _clock.Pass(Every * 3);
        Assert.Equal(1, _trim.Times);
    }

    [Fact]
    public void It_is_not_done_often()
    {
        _trim.Soon();
        _clock.Pass(After);
        _trim.Soon();
        _clock.Pass(Every - TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, _trim.Times);
        _clock.Pass(TimeSpan.FromMilliseconds(1));
        Assert.Equal(2, _trim.Times);
    }

    [Fact]
    public void It_is_not_done_while_there_is_work()
    {
        _trim.Soon();
        _clock.Pass(After / 2);
        _trim.NotNow();
        _clock.Pass(Every * 3);
        Assert.Equal(0, _trim.Times);
    }

    /// <summary>In a frame of its own, which holds it no longer.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Take() => new(new byte[1 << 20]);

    /// <summary>And its one timer.</summary>
    private sealed class HandClock : TimeProvider, ITimer
    {
        private Action? _run;
        private long _ticks;
        private long _due = long.MaxValue;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _run = () => callback(state);
            return this;
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _due = dueTime == Timeout.InfiniteTimeSpan ? long.MaxValue : _ticks + dueTime.Ticks;
            return true;
        }

        public void Pass(TimeSpan time)
        {
            _ticks += time.Ticks;
            if (_ticks < _due)
                return;
            _due = long.MaxValue;
            _run!();
        }

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
