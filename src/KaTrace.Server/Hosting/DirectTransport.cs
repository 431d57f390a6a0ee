using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace KaTrace.Server.Hosting;

/// <summary>A connection that receives as its transport does, and sends by a <see cref="SocketOutput"/>.</summary>
internal sealed class DirectTransport : IDuplexPipe
{
    /// <summary>Twice what is sent at once, so that the sender need not wait for a reader that keeps up. The kernel gives what
    /// net.core.wmem_max allows. TCP sets its buffers by itself, and better.</summary>
    private const int UnixSendBuffer = 512 * 1024;

    private DirectTransport(PipeReader input, PipeWriter output) => (Input, Output) = (input, output);

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    /// <summary>Connection middleware: below TLS, if there is.</summary>
    public static ConnectionDelegate Use(ConnectionDelegate next) => async connection =>
    {
        if (connection.Features.Get<IConnectionSocketFeature>()?.Socket is not { } socket)
            throw new InvalidOperationException("A connection without a socket cannot be sent to.");
        if (socket.AddressFamily == AddressFamily.Unix)
            socket.SendBufferSize = UnixSendBuffer;
        IDuplexPipe transport = connection.Transport;
        SocketOutput output = new(socket, connection.Abort);
        connection.Transport = new DirectTransport(transport.Input, output);
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
}
