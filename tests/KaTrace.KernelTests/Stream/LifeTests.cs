using System.Net.Sockets;
using System.Net;
using KaTrace.Events;
using KaTrace.KernelTests.Net;
using KaTrace.KernelTests.Withheld;
using static KaTrace.KernelTests.Net.KeepaliveSocket;

namespace KaTrace.KernelTests.Stream;

/// <summary>Sockets whose life is not connect, probe, close.</summary>
public sealed class LifeTests(TracedEvents traced)
{
    [Fact]
    public void A_socket_that_connects_again_is_of_a_new_generation_and_counts_from_zero()
    {
        using Pair pair = Pair.Probing(count: 9);
        pair.Right.DropAllInput();
        traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Probe && e.Unanswered == 2);
        pair.Client.Disconnect();
        EventRecord closed = traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Closed);
        pair.Right.AcceptInputAgain();
        pair.Client.ConnectAgain(new IPEndPoint(IPAddress.Parse("10.9.0.2"), pair.ServerPort));

        EventRecord probe = traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Probe && e.Generation == 2);
        EventRecord armed = traced.SoFar(e => pair.Left.Has(e) && e.Kind == EventKind.Armed)[^1];
        Assert.Equal((1u, 2u), (closed.Generation, armed.Generation));
        Assert.True(closed.Probes >= 2);
        Assert.Equal((0u, 0u, 0u, 0u), (armed.Unanswered, armed.Probes, armed.Answered, armed.Longest));
        Assert.Equal((1u, 1u, 1), (probe.Unanswered, probe.Probes, probe.ProbesOut));
        Assert.All([armed, probe], e => Assert.Equal((closed.Sk, closed.Cookie, closed.Ino), (e.Sk, e.Cookie, e.Ino)));
    }

    [Fact]
    public void Keepalive_set_while_connecting_is_armed_once_the_connection_is_there()
    {
        using NetworkNamespace left = new();
        using NetworkNamespace right = new();
        NetworkNamespace.Join(left, right);
        using Socket listener = right.Listen("10.9.0.2");
        right.DropAllInput();
        using Socket client = left.NewSocket();
        client.Blocking = false;
        Assert.Throws<SocketException>(() => client.Connect(listener.LocalEndPoint!)); // EINPROGRESS
        client.SetKeepalive(idle: 1, interval: 1, count: 3);
        Until.True(() => left.TcpExt("TCPSynRetrans") > 0, "the SYN is sent again");
        right.AcceptInputAgain();

        EventRecord probe = traced.WaitForOne(e => left.Has(e) && e.Kind == EventKind.Probe);
        EventRecord[] events = traced.SoFar(e => left.Has(e) && e.Kind != EventKind.Configured);
        Assert.Equal([EventKind.Enabled, EventKind.Armed, EventKind.Probe], events.Take(3).Select(e => e.Kind));
        Assert.Equal((TcpState.SynSent, TcpState.SynSent), (events[0].OldState, events[0].State));
        Assert.Equal((TcpState.SynSent, TcpState.Established), (events[1].OldState, events[1].State));
        Assert.Equal((1u, 1u, 1), (probe.Unanswered, probe.Probes, probe.ProbesOut));
    }

    [Fact]
    public void Keepalive_off_and_on_amid_probes_goes_on_counting()
    {
        using Pair pair = Pair.ProbingInVain(count: 9);
        traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Probe && e.Unanswered == 2);
        pair.Client.Set(SOL_SOCKET, SO_KEEPALIVE, 0);
        EventRecord disabled = traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Disabled);
        EventRecord before = traced.SoFar(e => pair.Left.Has(e) && e.Kind == EventKind.Probe)[^1];
        pair.Client.Set(SOL_SOCKET, SO_KEEPALIVE, 1);

        EventRecord probe = traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Probe && e.TimeNs > disabled.TimeNs);
        Assert.Equal(before.ProbesOut + 1, probe.ProbesOut);
        Assert.Equal(before.Unanswered + 1, probe.Unanswered);
        Assert.Equal([EventKind.Disabled, EventKind.Enabled, EventKind.Armed, EventKind.Probe],
            traced.SoFar(e => pair.Left.Has(e) && e.TimeNs >= disabled.TimeNs).Take(4).Select(e => e.Kind));
        Assert.False(disabled.Flags.HasFlag(EventFlags.Keepalive));

        pair.Right.AcceptInputAgain();
        EventRecord recovered = traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Recovered);
        Assert.True(recovered.Unanswered >= probe.Unanswered);
    }

    [Fact]
    public void An_MPTCP_socket_gives_no_event_and_its_subflow_is_probed_as_any_TCP_socket()
    {
        if (!File.Exists("/proc/sys/net/mptcp/enabled"))
            return; // this kernel has none
        using NetworkNamespace ns = new();
        // Not every kernel with MPTCP lets TCP_KEEPIDLE through.
        Shell.Run("ip", "netns", "exec", ns.Name, "sysctl", "-qw", "net.ipv4.tcp_keepalive_time=1", "net.ipv4.tcp_keepalive_intvl=1");
        using Socket listener = ns.Listen("127.0.0.1");
        using Socket client = ns.NewMptcpSocket();
        client.Connect(listener.LocalEndPoint!);
        client.Set(SOL_SOCKET, SO_KEEPALIVE, 1);

        EventRecord probe = traced.WaitForOne(e => ns.Has(e) && e.Kind == EventKind.Probe);
        Assert.Equal(listener.LocalPort(), probe.Rport);
        EventRecord enabled = traced.WaitForOne(e => ns.Has(e) && e.Kind == EventKind.Enabled);
        bool shared = enabled.Ino == client.Inode(); // the first subflow is of the user's socket, in kernels that join them
        Assert.Equal(shared ? (EventCause.Setsockopt, traced.OwnTgid) : (EventCause.Kernel, 0), (enabled.Cause, enabled.Tgid));
        Assert.Equal(shared, !enabled.Flags.HasFlag(EventFlags.Kernel));
        EventRecord answered = traced.WaitForOne(e => ns.Has(e) && e.Kind == EventKind.Answered);
        Assert.Equal(traced.LooksForAnswers ? EventSource.Poll : EventSource.Timer, answered.Source); // without a cookie too
        Assert.All(traced.SoFar(e => ns.Has(e)), e =>
        {
            Assert.Equal(probe.Sk, e.Sk);
            Assert.True(e.Cookie == 0 || e.Cookie == answered.Cookie); // it has one as soon as anybody asks, ss or a snapshot
            Assert.NotEqual(client.Cookie(), e.Cookie);
        });
    }
}
