using KaTrace.Output;
using KaTrace.Sockets;

namespace KaTrace.Cli.Listing;

/// <summary>Rows as JSON Lines.</summary>
internal sealed class JsonRowWriter(JsonConnectionWriter connections) : IRowWriter
{
    public void WriteHeader()
    {
    }

    public void Write(in SocketRow row) => connections.Write(in row);
}
