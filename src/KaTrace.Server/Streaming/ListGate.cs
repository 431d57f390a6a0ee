using Grpc.Core;

namespace KaTrace.Server.Streaming;

/// <summary>Bounds what lists cost: each holds all sockets of the host while its client takes them.</summary>
internal sealed class ListGate : IDisposable
{
    private const int AtOnce = 4;

    /// <summary>A list takes a second on a host with a million sockets.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>For a client to take the next message: who has stopped reading must not keep others out.</summary>
    public static readonly TimeSpan WriteWithin = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _places = new(AtOnce);

    /// <returns>Gives the place back when disposed.</returns>
    /// <exception cref="RpcException">RESOURCE_EXHAUSTED: so many are under way that none has ended in time.</exception>
    public async Task<IDisposable> EnterAsync(CancellationToken cancel) => await _places.WaitAsync(Patience, cancel).ConfigureAwait(false)
        ? new Place(_places)
        : throw new RpcException(new Status(StatusCode.ResourceExhausted, $"the agent is sending {AtOnce} lists of sockets, and none of them ends: try again later"));

    public void Dispose() => _places.Dispose();

    private sealed class Place(SemaphoreSlim places) : IDisposable
    {
        public void Dispose() => places.Release();
    }
}
