using Grpc.Core;
using KaTrace.Server.Hosting;
using KaTrace.Sockets;

namespace KaTrace.Server.Streaming;

/// <summary>Looks at all sockets of the host, for clients. Each holds a table of them until its client has taken it: so there are
/// few at a time, and others wait, but not for ever for one that does not read.</summary>
internal sealed class SocketLooks(IAgent agent, ServerOptions options) : IDisposable
{
    /// <summary>A table of 100,000 sockets takes 40 MB.</summary>
    public const int AtATime = 4;

    /// <summary>Between two times that memory is given back.</summary>
    private static readonly TimeSpan TrimEvery = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _free = new(AtATime);
    private readonly MemoryTrim _trim = new(options.TrimAfter, TrimEvery, TimeProvider.System);

    /// <summary>Gives back what starting or a look has taken, once nothing of it is under way.</summary>
    public void Trim() => _trim.Soon();

    /// <param name="send">Sends a table, which was read after this method was called. It stops waiting when told to, and does not
    /// cancel a write: that would end the call without a word.</param>
    /// <param name="cancel">The client has gone, or the agent stops.</param>
    /// <exception cref="RpcException">RESOURCE_EXHAUSTED: the client did not take the table in time.</exception>
    public async Task RunAsync(Func<SocketTable, CancellationToken, Task> send, CancellationToken cancel)
    {
        await _free.WaitAsync(cancel).ConfigureAwait(false);
        _trim.NotNow();
        using CancellationTokenSource late = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        late.CancelAfter(options.ListTakenWithin);
        try
        {
            SocketTable table = await Task.Run(agent.ReadSockets, cancel).ConfigureAwait(false);
            await send(table, late.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.ResourceExhausted,
                $"the connections were not taken within {options.ListTakenWithin.TotalSeconds:0.#} s: read faster, or ask for fewer by filters"));
        }
        finally
        {
            if (_free.Release() == AtATime - 1)
                _trim.Soon();
        }
    }

    public void Dispose()
    {
        _trim.Dispose();
        _free.Dispose();
    }
}
