namespace KaTrace.Sockets;

/// <summary>Where sockets are read: this kernel, an agent, a capture.</summary>
internal interface ISocketSource : IDisposable
{
    /// <summary>Reads all of them anew.</summary>
    SocketTable Read();
}
