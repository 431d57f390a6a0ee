using KaTrace.V1;

namespace KaTrace.Server.Streaming;

/// <summary>The calls of StreamEvents that are under way.</summary>
internal sealed class Subscriptions
{
    /// <summary>Of messages under way, whose readers may all be slow.</summary>
    private const int MostBytes = 8 << 20;

    /// <summary>A shorter message is not worth what it costs to send one.</summary>
    private const int LeastMessageBytes = 16 * 1024;

    private readonly Lock _lock = new();
    private readonly HashSet<Subscription> _all = [];
    private TaskCompletionSource? _ended;
    private volatile int _messageBytes = MostBytes;

    public int Count
    {
        get
        {
            lock (_lock)
                return _all.Count;
        }
    }

    /// <summary>Bytes of events that a message should not have more of: each subscriber's lies in memory until its reader has taken
    /// it, so the more there are, the shorter.</summary>
    public int MessageBytes => _messageBytes;

    /// <returns>Takes it off the list when disposed.</returns>
    public IDisposable Add(Subscription subscription)
    {
        lock (_lock)
        {
            _all.Add(subscription);
            ShareOut();
        }

        return new Entry(this, subscription);
    }

    /// <summary>Once there is none. A client that is gone is noticed by the pings of the server.</summary>
    public Task EndedAsync()
    {
        lock (_lock)
            return _all.Count == 0 ? Task.CompletedTask : (_ended ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
    }

    public IEnumerable<Subscriber> Describe()
    {
        lock (_lock)
            return [.. _all.Select(subscription => subscription.Describe())];
    }

    /// <summary>How many events the slowest is behind, before filters.</summary>
    public ulong FurthestBehind()
    {
        lock (_lock)
        {
            ulong most = 0;
            foreach (Subscription subscription in _all)
                most = Math.Max(most, subscription.Behind);
            return most;
        }
    }

    private void Remove(Subscription subscription)
    {
        lock (_lock)
        {
            if (!_all.Remove(subscription))
                return;
            ShareOut();
            if (_all.Count > 0)
                return;
            _ended?.SetResult();
            _ended = null;
        }
    }

    private void ShareOut() => _messageBytes = Math.Max(LeastMessageBytes, MostBytes / Math.Max(1, _all.Count));

    private sealed class Entry(Subscriptions list, Subscription subscription) : IDisposable
    {
        public void Dispose() => list.Remove(subscription);
    }
}
