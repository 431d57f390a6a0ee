using KaTrace.V1;

namespace KaTrace.Server.Streaming;

/// <summary>The calls of StreamEvents that are under way.</summary>
internal sealed class Subscriptions
{
    private readonly Lock _lock = new();
    private readonly HashSet<Subscription> _all = [];
    private TaskCompletionSource? _ended;

    public int Count
    {
        get
        {
            lock (_lock)
                return _all.Count;
        }
    }

    /// <returns>Takes it off the list when disposed.</returns>
    public IDisposable Add(Subscription subscription)
    {
        lock (_lock)
            _all.Add(subscription);
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

    private void Remove(Subscription subscription)
    {
        lock (_lock)
        {
            if (!_all.Remove(subscription) || _all.Count > 0)
                return;
            _ended?.SetResult();
            _ended = null;
        }
    }

    private sealed class Entry(Subscriptions list, Subscription subscription) : IDisposable
    {
        public void Dispose() => list.Remove(subscription);
    }
}
