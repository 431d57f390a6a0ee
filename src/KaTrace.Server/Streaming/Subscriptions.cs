using System.Collections.Concurrent;
using KaTrace.V1;

namespace KaTrace.Server.Streaming;

/// <summary>The calls of StreamEvents that are under way.</summary>
internal sealed class Subscriptions
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentDictionary<Subscription, byte> _all = [];

    public int Count => _all.Count;

    /// <returns>Takes it off the list when disposed.</returns>
    public IDisposable Add(Subscription subscription)
    {
        _all[subscription] = 0;
        return new Entry(this, subscription);
    }

    /// <summary>Once there is none. A client that is gone is noticed by the pings of the server.</summary>
    public async Task EndedAsync()
    {
        while (!_all.IsEmpty)
            await Task.Delay(LookEvery).ConfigureAwait(false);
    }

    public IEnumerable<Subscriber> Describe() => _all.Keys.Select(subscription => subscription.Describe());

    private sealed class Entry(Subscriptions list, Subscription subscription) : IDisposable
    {
        public void Dispose() => list._all.TryRemove(subscription, out _);
    }
}
