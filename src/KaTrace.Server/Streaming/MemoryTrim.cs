namespace KaTrace.Server.Streaming;

/// <summary>Gives memory back to the system once a large piece of work is done: the collector alone keeps it for the next one, and
/// where none comes it collects nothing.</summary>
/// <remarks>It stops all threads for some milliseconds, so it is not done while there is such work, nor often. The kernel's ring holds
/// what happens meanwhile.</remarks>
internal sealed class MemoryTrim : IDisposable
{
    private readonly Lock _lock = new();
    private readonly TimeSpan _after;
    private readonly TimeSpan _every;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private long? _last;
    private int _times;

    /// <param name="after">From the end of the work.</param>
    /// <param name="every">The least time between two.</param>
    /// <param name="time">That passes.</param>
    public MemoryTrim(TimeSpan after, TimeSpan every, TimeProvider time)
    {
        (_after, _every, _time) = (after, every, time);
        _timer = time.CreateTimer(_ => Run(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>So often it was done.</summary>
    public int Times => Volatile.Read(ref _times);

    /// <summary>Work was done.</summary>
    public void Soon()
    {
        lock (_lock)
        {
            TimeSpan left = _last is { } last ? _every - _time.GetElapsedTime(last) : TimeSpan.Zero;
            _timer.Change(left > _after ? left : _after, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Work begins.</summary>
    public void NotNow() => _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    public void Dispose() => _timer.Dispose();

    private void Run()
    {
        lock (_lock)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            _last = _time.GetTimestamp();
            _times++;
        }
    }
}
