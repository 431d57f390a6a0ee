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
    private readonly Timer _timer;
    private long _lastMs;
    private int _times;

    /// <param name="after">From the end of the work.</param>
    /// <param name="every">The least time between two.</param>
    public MemoryTrim(TimeSpan after, TimeSpan every)
    {
        (_after, _every) = (after, every);
        _lastMs = Environment.TickCount64 - (long)every.TotalMilliseconds;
        _timer = new Timer(_ => Run(), null, Timeout.Infinite, Timeout.Infinite);
    }

    /// <summary>So often it was done.</summary>
    public int Times => Volatile.Read(ref _times);

    /// <summary>Work was done.</summary>
    public void Soon()
    {
        lock (_lock)
        {
            TimeSpan left = _every - TimeSpan.FromMilliseconds(Environment.TickCount64 - _lastMs);
            _timer.Change(left > _after ? left : _after, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Work begins.</summary>
    public void NotNow() => _timer.Change(Timeout.Infinite, Timeout.Infinite);

    public void Dispose() => _timer.Dispose();

    private void Run()
    {
        lock (_lock)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            _lastMs = Environment.TickCount64;
            _times++;
        }
    }
}
