using System.Net;
using System.Net.Sockets;

namespace KaTrace.KernelTests.Net;

/// <summary>A client in one namespace, a server in another, connected.</summary>
internal sealed class Pair : IDisposable
{
    public Pair(string listenOn, string connectTo, bool mapped, Action<Socket> configure, int serverPort = 0, int clientPort = 0)
    {
        NetworkNamespace.Join(Left, Right);
        IPAddress address = IPAddress.Parse(listenOn);
        Listener = Right.NewSocket(address.AddressFamily);
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
            Listener.DualMode = true;
        Listener.Bind(new IPEndPoint(address, serverPort));
        Listener.Listen();

        IPAddress target = IPAddress.Parse(connectTo);
        if (mapped)
            target = target.MapToIPv6();
        Client = Left.NewSocket(target.AddressFamily);
        if (mapped)
            Client.DualMode = true;
        configure(Client);
        if (clientPort != 0)
            Client.Bind(new IPEndPoint(IPAddress.Any, clientPort));
        Client.Connect(new IPEndPoint(target, Listener.LocalPort()));
        Server = Listener.Accept();
        (ClientPort, ServerPort) = (Client.LocalPort(), Listener.LocalPort());
    }

    /// <summary>Over IPv4, the client probing.</summary>
    public static Pair Probing(int count, int interval = 1) =>
        new("10.9.0.2", "10.9.0.2", mapped: false, client => client.SetKeepalive(Pace.IdleSeconds, interval, count));

    /// <summary>The same, and the peer was silent before: however slow this machine is, no probe is answered.</summary>
    public static Pair ProbingInVain(int count)
    {
        Pair pair = Unprobed();
        pair.Right.DropAllInput();
        pair.Client.SetKeepalive(idle: 1, interval: 1, count);
        return pair;
    }

    /// <summary>Over IPv4, without keepalive.</summary>
    public static Pair Unprobed() => new("10.9.0.2", "10.9.0.2", mapped: false, _ => { });

    public NetworkNamespace Left { get; } = new();

    public NetworkNamespace Right { get; } = new();

    public Socket Listener { get; }

    public Socket Client { get; }

    public Socket Server { get; }

    public ushort ClientPort { get; }

    public ushort ServerPort { get; }

    public void Dispose()
    {
        Client.Dispose();
        Server.Dispose();
        Listener.Dispose();
        Left.Dispose();
        Right.Dispose();
    }
}
