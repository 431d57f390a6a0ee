using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace KaTrace.Server.Hosting;

/// <summary>Connection middleware, below TLS if there is: a connection receives as its transport does, and sends by a
/// <see cref="SocketOutput"/>, with memory of <see cref="MessageBuffers"/>.</summary>
internal sealed class DirectTransport
{
    /// <summary>Twice what is sent at once, so that the sender need not wait for a reader that keeps up. The kernel gives what
    /// net.core.wmem_max allows. TCP sets its buffers by itself, and better.</summary>
    private const int UnixSendBuffer = 2 * MessageBuffers.MostBytes;

    private MessageBuffers? _buffers;

    public ConnectionDelegate Use(ConnectionDelegate next) => async connection =>
    {
        if (connection.Features.Get<IConnectionSocketFeature>()?.Socket is not { } socket)
            throw new InvalidOperationException("A connection without a socket cannot be sent to.");
        if (socket.AddressFamily == AddressFamily.Unix)
            socket.SendBufferSize = UnixSendBuffer;
        MessageBuffers buffers = BuffersOver(connection.Features.Get<IMemoryPoolFeature>()!.MemoryPool);
        connection.Features.Set<IMemoryPoolFeature>(new PoolFeature(buffers));
        IDuplexPipe transport = connection.Transport;
        SocketOutput output = new(socket, buffers, connection.Abort);
        connection.Transport = new Duplex(transport.Input, output);
        try
        {
            await next(connection).ConfigureAwait(false);
        }
        finally
        {
            connection.Transport = transport;
            await output.DrainAsync().ConfigureAwait(false);
        }
    };

    /// <summary>Whichever connection's blocks the first came with: the transport has pools of one kind.</summary>
    private MessageBuffers BuffersOver(MemoryPool<byte> blocks) =>
        _buffers ?? Interlocked.CompareExchange(ref _buffers, new MessageBuffers(blocks), null) ?? _buffers!;

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed record PoolFeature(MemoryPool<byte> MemoryPool) : IMemoryPoolFeature;
}
