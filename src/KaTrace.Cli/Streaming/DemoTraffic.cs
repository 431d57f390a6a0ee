using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using KaTrace.Bpf;
using KaTrace.Interop;

namespace KaTrace.Cli.Streaming;

/// <summary>Loopback connections of our own with one second of keepalive, so that a newcomer sees every kind of event within
/// ten seconds: one whose peer answers, one whose peer is gone, and one whose peer comes back, in network namespaces that nobody else is in.</summary>
/// <remarks>The silent peer drops each segment that comes in by a socket filter (SO_ATTACH_FILTER): no firewall is touched.</remarks>
internal sealed class DemoTraffic : IDisposable
{
    private const int SOL_SOCKET = 1;
    private const int SO_ATTACH_FILTER = 26;
    private const int SO_DETACH_FILTER = 27;
    private const int SOL_TCP = 6;
    private const int TCP_REPAIR = 19;

    private readonly CancellationTokenSource _stop = new();
    private readonly List<Thread> _threads = [];

    /// <summary>Starts the traffic. It repeats until disposed.</summary>
    public void Start()
    {
        StartThread("demo-answered", ownNamespace: false, Answered);
        StartThread("demo-silent", ownNamespace: true, Silent);
        StartThread("demo-recovered", ownNamespace: true, Recovered);
    }

    public void Dispose()
    {
        _stop.Cancel();
        foreach (Thread thread in _threads)
            thread.Join();
        _stop.Dispose();
    }

    /// <summary>Keepalive is inherited from the listener on the server's side; the client turns it on, and off again.</summary>
    private void Answered()
    {
        using Socket listener = Listen();
        SetKeepalive(listener, count: 3);
        using Socket client = NewSocket();
        client.Connect(listener.LocalEndPoint!);
        using Socket server = listener.Accept();
        SetKeepalive(client, count: 3);
        if (_stop.Token.WaitHandle.WaitOne(TimeSpan.FromSeconds(3.5)))
            return;

        client.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, false);
    }

    /// <summary>Three probes get no answer, and the kernel gives the connection up.</summary>
    private void Silent()
    {
        using Socket listener = Listen();
        using Socket client = NewSocket();
        SetKeepalive(client, count: 3);
        client.Connect(listener.LocalEndPoint!);
        using Socket server = listener.Accept();
        DropAllInput(server);
        WaitForEnd(client);
    }

    /// <summary>A socket is readable once the kernel has given it up.</summary>
    private void WaitForEnd(Socket client)
    {
        while (!_stop.IsCancellationRequested && !client.Poll(TimeSpan.FromMilliseconds(200), SelectMode.SelectRead))
        {
        }
    }

    /// <summary>The peer comes back after two probes, and then loses the connection: the next probe is answered by a reset.</summary>
    private void Recovered()
    {
        using Socket listener = Listen();
        using Socket client = NewSocket();
        SetKeepalive(client, count: 9);
        client.Connect(listener.LocalEndPoint!);
        Socket server = listener.Accept();
        using (server)
        {
            DropAllInput(server);
            if (_stop.Token.WaitHandle.WaitOne(TimeSpan.FromSeconds(2.5)))
                return;

            server.SetRawSocketOption(SOL_SOCKET, SO_DETACH_FILTER, BitConverter.GetBytes(0));
            if (_stop.Token.WaitHandle.WaitOne(TimeSpan.FromSeconds(2)))
                return;

            // Closed under repair, a socket tells its peer nothing: as after a crash.
            server.SetRawSocketOption(SOL_TCP, TCP_REPAIR, BitConverter.GetBytes(1));
        }

        WaitForEnd(client);
    }

    private void StartThread(string name, bool ownNamespace, Action scene)
    {
        Thread thread = new(() => Repeat(ownNamespace, scene)) { Name = name, IsBackground = true };
        _threads.Add(thread);
        thread.Start();
    }

    private void Repeat(bool ownNamespace, Action scene)
    {
        try
        {
            // The namespace is this thread's alone, and gone with it and its sockets.
            if (ownNamespace)
                EnterOwnNamespace();

            do
                scene();
            while (!_stop.Token.WaitHandle.WaitOne(TimeSpan.FromSeconds(1)));
        }
        catch (Exception e) when (e is BpfException or SocketException)
        {
            Console.Error.WriteLine($"katrace: {Thread.CurrentThread.Name} has ended: {e.Message}");
        }
    }

    private static void EnterOwnNamespace()
    {
        if (Libc.unshare(Libc.CLONE_NEWNET) != 0)
            throw BpfAdvice.Explain("make a network namespace", Marshal.GetLastPInvokeError());

        BringLoopbackUp();
    }

    private static Socket NewSocket() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    private static Socket Listen()
    {
        Socket listener = NewSocket();
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        return listener;
    }

    private static void SetKeepalive(Socket socket, int count)
    {
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 1);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 1);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, count);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
    }

    /// <summary>A classic BPF program of one instruction, "return 0 bytes", on the receiving socket.</summary>
    private static unsafe void DropAllInput(Socket socket)
    {
        Libc.sock_filter reject = new() { code = Libc.BPF_RET_K, k = 0 };
        Libc.sock_fprog program = new() { len = 1, filter = &reject };
        socket.SetRawSocketOption(SOL_SOCKET, SO_ATTACH_FILTER, new ReadOnlySpan<byte>(&program, sizeof(Libc.sock_fprog)));
    }

    private static unsafe void BringLoopbackUp()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        Libc.ifreq request = new() { ifr_flags = Libc.IFF_UP };
        "lo"u8.CopyTo(new Span<byte>(request.ifr_name, 16));
        if (Libc.ioctl((int)socket.SafeHandle.DangerousGetHandle(), Libc.SIOCSIFFLAGS, &request) != 0)
            throw BpfAdvice.Explain("bring up the loopback interface of the demo", Marshal.GetLastPInvokeError());
    }
}
