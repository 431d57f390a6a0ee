using KaTrace.Interop;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace KaTrace.Server.Hosting;

/// <summary>Lets root, the agent's own user and the members of the socket's group in. The mode of the socket says the same; but a mode
/// is changed by accident, and what the agent knows is of all users.</summary>
internal sealed class PeerGate(UnixListener socket, Action<PeerCredentials> refused)
{
    private readonly uint _self = Libc.geteuid();

    public ConnectionDelegate Guard(ConnectionDelegate next) => connection =>
    {
        if (connection.Features.Get<IConnectionSocketFeature>()?.Socket is not { } accepted)
            throw new InvalidOperationException("A connection without a socket cannot be checked.");
        PeerCredentials peer = PeerCredentials.Of(accepted);
        if (!Admits(peer))
        {
            refused(peer);
            connection.Abort();
            return Task.CompletedTask;
        }

        connection.Features.Set(peer);
        return next(connection);
    };

    private bool Admits(PeerCredentials peer) => peer.Uid == 0 || peer.Uid == _self || peer.IsMemberOf(socket.Group);
}
