using System.Diagnostics;

namespace KaTrace.Server.Log;

/// <summary>Wakes all who wait for events: at once while that is cheap, and less often the more there are, so that a thousand do not
/// take the processor from who is traced.</summary>
internal sealed class LogWaiters : IDisposable
{
    /// <summary>A wake-up costs some microseconds of one CPU: so no more than half of one goes there.</summary>
    private static readonly TimeSpan RestEach = TimeSpan.FromMicroseconds(10);

    /// <summary>The longest that an event is held back.</summary>
    private static readonly TimeSpan MostRest = TimeSpan.FromMilliseconds(10);

    private readonly EventLog _log;
    private readonly Lock _lock = new();
    private readonly Lock _waking = new();
    private readonly Timer _later;
    private List<LogWaiter> _waiting = [];
    private List<LogWaiter> _woken = [];
    private long _lastWake;
    private TimeSpan _rest;
    private bool _isDue;

    public LogWaiters(EventLog log)
    {
        _log = log;
        _later = new Timer(static all => ((LogWaiters)all!).WakeNow(), this, Timeout.Infinite, Timeout.Infinite);
    }

    /// <returns>False if there is no need to wait.</returns>
    public bool TryAdd(LogWaiter waiter, ulong sequence)
    {
        lock (_lock)
        {
            if (waiter.IsInterrupted || waiter.IsNudged || _log.End > sequence || _log.IsComplete)
            {
                waiter.IsNudged = false;
                return false;
            }

            _waiting.Add(waiter);
            return true;
        }
    }

    /// <returns>False if it does not wait.</returns>
    public bool Remove(LogWaiter waiter)
    {
        lock (_lock)
        {
            waiter.IsInterrupted = true;
            return _waiting.Remove(waiter);
        }
    }

    /// <returns>False if it does not wait: then it will not the next time.</returns>
    public bool Nudge(LogWaiter waiter)
    {
        lock (_lock)
        {
            bool waits = _waiting.Remove(waiter);
            waiter.IsNudged = !waits;
            return waits;
        }
    }

    /// <summary>There are events: wakes who waits, now or when those woken last have had their time.</summary>
    public void Wake()
    {
        lock (_lock)
        {
            if (_isDue)
                return;
            TimeSpan left = _rest - Stopwatch.GetElapsedTime(_lastWake);
            if (left > TimeSpan.Zero)
            {
                _isDue = true;
                _later.Change((int)Math.Ceiling(left.TotalMilliseconds), Timeout.Infinite);
                return;
            }
        }

        WakeNow();
    }

    public void Dispose() => _later.Dispose();

    private void WakeNow()
    {
        // Two may come here at once. Those who want to wait meanwhile are not held up: they would wait for a wake-up each.
        lock (_waking)
        {
            lock (_lock)
            {
                (_waiting, _woken) = (_woken, _waiting);
                _isDue = false;
                _lastWake = Stopwatch.GetTimestamp();
                TimeSpan rest = RestEach * _woken.Count;
                _rest = rest < MostRest ? rest : MostRest;
            }

            // They continue on threads of their own.
            foreach (LogWaiter waiter in _woken)
                waiter.Wake();
            _woken.Clear();
        }
    }
}
