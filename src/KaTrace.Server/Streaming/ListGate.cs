using Grpc.Core;

namespace KaTrace.Server.Streaming;

/// <summary>Bounds what lists cost: each holds all sockets of the host while its client takes them.</summary>
/// <param name="atOnce">So many are sent at once.</param>
/// <param name="patience">So long one more waits.</param>
internal sealed class ListGate(int atOnce, TimeSpan patience) : IDisposable
{
    /// <summary>For a client to take the next message: who has stopped reading must not keep others out.</summary>
    public static readonly TimeSpan WriteWithin = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _places = new(atOnce);

    /// <summary>A list takes a second on a host with a million sockets.</summary>
    public ListGate()
        : this(atOnce: 4, TimeSpan.FromSeconds(10))
    {
    }

    /// <returns>Gives the place back when disposed.</returns>
    /// <exception cref="RpcException">RESOURCE_EXHAUSTED: so many are under way that none has ended in time.</exception>
    public async Task<IDisposable> EnterAsync(CancellationToken cancel) => await _places.WaitAsync(patience, cancel).ConfigureAwait(false)
        ? new Place(_places)
        : throw new RpcException(new Status(StatusCode.ResourceExhausted, $"the agent is sending {atOnce} lists of sockets, and none of them ends: try again later"));

    public void Dispose() => _places.Dispose();

    private sealed class Place(SemaphoreSlim places) : IDisposable
    {
        public void Dispose() => places.Release();
    }
}
