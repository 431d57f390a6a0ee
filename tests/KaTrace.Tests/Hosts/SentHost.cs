using Google.Protobuf;
using KaTrace.Hosts;
using KaTrace.Output;
using KaTrace.Sockets;
using KaTrace.V1;

namespace KaTrace.Tests.Hosts;

/// <summary>A look at a host as the bytes that it takes on its way.</summary>
internal sealed record SentHost(IReadOnlyList<byte[]> Parts, IReadOnlyList<byte[]> Connections)
{
    public static SentHost Of(IHostLook look)
    {
        ConnectionMessage messages = new(look.Table, processes: null);
        List<byte[]> connections = [];
        foreach (ref readonly SocketRow row in look.Table.Rows)
            connections.Add(messages.From(in row).ToByteArray());
        return new SentHost([.. HostMessage.Parts(look, programs: true).Select(part => part.ToByteArray())], connections);
    }

    public IHostLook Receive()
    {
        ReceivedHost host = new();
        foreach (byte[] part in Parts)
            host.Add(Host.Parser.ParseFrom(part));
        foreach (byte[] connection in Connections)
            host.Add(Connection.Parser.ParseFrom(connection));
        return host.Build();
    }
}
