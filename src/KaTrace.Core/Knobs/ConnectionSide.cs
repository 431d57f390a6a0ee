using KaTrace.Sockets;

namespace KaTrace.Knobs;

/// <summary>Which part a socket has in its connection.</summary>
internal enum ConnectionSide
{
    /// <summary>The connection came in by a listener of this host; the listener itself counts as well, since it passes its settings on.</summary>
    Accepted,

    /// <summary>This side asked for the connection, as far as can be told.</summary>
    Connecting,
}

internal static class ConnectionSides
{
    public static ConnectionSide Of(in SocketRow row) =>
        row.Listener >= 0 || row.State == Events.TcpState.Listen ? ConnectionSide.Accepted : ConnectionSide.Connecting;
}
