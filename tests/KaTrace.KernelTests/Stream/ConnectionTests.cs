using System.Net.Sockets;
using KaTrace.Events;
using KaTrace.KernelTests.Net;
using KaTrace.KernelTests.Withheld;
using static KaTrace.KernelTests.Net.KeepaliveSocket;

namespace KaTrace.KernelTests.Stream;

/// <summary>From the option to an armed timer, on either side of a connection, to its end.</summary>
public sealed class ConnectionTests(TracedEvents traced)
{
    [Fact]
    public void Option_before_connect_arms_the_timer_once_established()
    {
        using NetworkNamespace ns = new();
        using Socket listener = ns.Listen("127.0.0.1");
        using Socket client = ns.NewSocket();
        client.SetKeepalive(idle: 100, interval: 10, count: 3);
        client.Connect(listener.LocalEndPoint!);

        EventRecord armed = traced.WaitForOne(e => ns.Has(e) && e.Kind == EventKind.Armed);
        Assert.Equal((client.LocalPort(), listener.LocalPort()), (armed.Lport, armed.Rport));
        Assert.Equal((TcpState.SynSent, TcpState.Established), (armed.OldState, armed.State));
        Assert.Equal(100u, armed.Next / traced.Hz);
        Assert.Equal(traced.MakesCookies ? client.Cookie() : 0, armed.Cookie);
        Assert.Equal(traced.OwnTgid, armed.Tgid);
        Assert.Equal(1u, armed.Generation);
        Assert.Equal(TcpState.Close, traced.WaitForOne(e => ns.Has(e) && e.Kind == EventKind.Enabled).State);
    }

    [Fact]
    public void Option_on_a_connection_arms_the_timer_at_once()
    {
        using NetworkNamespace ns = new();
        using Socket listener = ns.Listen("127.0.0.1");
        using Socket client = ns.NewSocket();
        client.Connect(listener.LocalEndPoint!);
        client.Set(SOL_TCP, TCP_KEEPIDLE, 50);
        client.Set(SOL_SOCKET, SO_KEEPALIVE, 1);

        traced.WaitForOne(e => ns.Has(e) && e.Kind == EventKind.Armed);
        EventRecord[] events = traced.SoFar(e => ns.Has(e));
        Assert.Equal([EventKind.Configured, EventKind.Enabled, EventKind.Armed], events.Select(e => e.Kind));
        Assert.All(events, e => Assert.Equal(TcpState.Established, e.State));
        Assert.InRange(events[2].Next, 49 * traced.Hz, 50 * traced.Hz);
    }

    [Fact]
    public void A_listeners_option_is_inherited_and_its_owner_known_from_accept_on()
    {
        using NetworkNamespace ns = new();
        using Socket listener = ns.Listen("127.0.0.1");
        listener.SetKeepalive(idle: 1, interval: 1, count: 3);
        _ = listener.Cookie(); // a clone begins with it, and has its own later
        using Socket client = ns.NewSocket();
        client.Connect(listener.LocalEndPoint!);
        using Socket server = listener.Accept();

        EventRecord enabled = traced.WaitForOne(e => ns.Has(e) && e.Kind == EventKind.Enabled && e.Cause == EventCause.Inherited);
        Assert.Equal((listener.LocalPort(), client.LocalPort()), (enabled.Lport, enabled.Rport));
        Assert.Equal((TcpState.Listen, TcpState.SynRecv), (enabled.OldState, enabled.State));
        Assert.False(enabled.Flags.HasFlag(EventFlags.Owner)); // the handshake runs in softirq: whoever was interrupted is not it

        EventRecord armed = traced.WaitForOne(e => ns.Has(e) && e.Kind == EventKind.Armed);
        Assert.Equal(enabled.Sk, armed.Sk);
        Assert.Equal(enabled.Cookie, armed.Cookie);
        if (traced.MakesCookies)
            Assert.Equal(server.Cookie(), armed.Cookie);
        EventRecord probe = traced.WaitForOne(e => ns.Has(e) && e.Kind == EventKind.Probe);
        Assert.Equal(listener.LocalPort(), probe.Lport);
        Assert.Equal(traced.OwnTgid, probe.Tgid);
    }

    [Fact]
    public void The_end_of_a_connection_is_told_with_its_last_state()
    {
        using NetworkNamespace ns = new();
        using Socket listener = ns.Listen("127.0.0.1");
        using Socket client = ns.NewSocket();
        client.SetKeepalive(idle: 100, interval: 10, count: 3);
        client.Connect(listener.LocalEndPoint!);
        ushort port = client.LocalPort();
        using Socket server = listener.Accept();
        server.Dispose();
        Until.True(() => client.State() == TcpState.CloseWait, "the peer's close has come");
        client.Dispose();

        EventRecord closed = traced.WaitForOne(e => ns.Has(e) && e.Kind == EventKind.Closed);
        Assert.Equal((TcpState.LastAck, TcpState.Close), (closed.OldState, closed.State));
        Assert.Equal((port, (ushort)0), (closed.Lport, closed.Err));
        Assert.Equal(traced.OwnTgid, closed.Tgid);
    }

    [Fact]
    public void A_refused_connect_ends_with_its_error()
    {
        using NetworkNamespace ns = new();
        using Socket client = ns.NewSocket();
        client.Set(SOL_SOCKET, SO_KEEPALIVE, 1);
        Assert.Throws<SocketException>(() => client.Connect("127.0.0.1", 9));

        EventRecord closed = traced.WaitForOne(e => ns.Has(e) && e.Kind == EventKind.Closed);
        Assert.Equal((TcpState.SynSent, (ushort)111), (closed.OldState, closed.Err));
        Assert.False(closed.Flags.HasFlag(EventFlags.Silent)); // never connected: there was nobody to hear
    }

    [Fact]
    public void Connections_without_keepalive_give_no_event()
    {
        using NetworkNamespace ns = new();
        using (Socket listener = ns.Listen("127.0.0.1"))
        using (Socket client = ns.NewSocket())
        {
            client.Connect(listener.LocalEndPoint!);
            using Socket server = listener.Accept();
        }

        using Socket barrier = ns.NewSocket();
        barrier.Set(SOL_SOCKET, SO_KEEPALIVE, 1);
        traced.WaitForOne(e => ns.Has(e));
        Assert.Single(traced.SoFar(e => ns.Has(e)));
    }
}
