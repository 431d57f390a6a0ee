using System.Net.Sockets;
using System.Net;
using KaTrace.Events;
using KaTrace.KernelTests.Net;
using KaTrace.KernelTests.Withheld;
using static KaTrace.KernelTests.Net.KeepaliveSocket;

namespace KaTrace.KernelTests.Stream;

/// <summary>What the timer does: probes, answered or not, and the end of a connection whose peer is silent.</summary>
public sealed class ProbeTests(TracedEvents traced)
{
    [Theory]
    [InlineData("10.9.0.2", "10.9.0.2", false)]
    [InlineData("fd00::2", "fd00::2", false)]
    [InlineData("::", "10.9.0.2", false)]
    [InlineData("::", "10.9.0.2", true)] // the client's socket is IPv6 too, and speaks IPv4
    public void A_silent_peer_gets_every_probe_and_then_the_connection_times_out(string listenOn, string connectTo, bool mapped)
    {
        using Pair pair = new(listenOn, connectTo, mapped, _ => { });
        pair.Right.DropAllInput();
        pair.Client.SetKeepalive(idle: 1, interval: 1, count: 3);

        EventRecord timeout = traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Timeout);
        EventRecord[] probes = traced.SoFar(e => pair.Left.Has(e) && e.Kind == EventKind.Probe);
        Assert.True(probes.Length == 3, $"{TracedEvents.Describe(traced.SoFar(e => pair.Left.Has(e)))}; the kernel sent {pair.Left.KeepaliveProbes()}, the programs {timeout.Probes}; dropped {string.Join(',', traced.Drops())}, skipped {traced.DescribeSkipped()}");
        Assert.Equal([1u, 2u, 3u], probes.Select(p => p.Unanswered));
        Assert.Equal([1, 2, 3], probes.Select(p => (int)p.ProbesOut));
        Assert.All(probes, p =>
        {
            Assert.Equal((pair.ClientPort, pair.ServerPort), (p.Lport, p.Rport));
            Assert.InRange(p.Next, traced.Hz * 9 / 10, traced.Hz);
            Assert.Equal(traced.OwnTgid, p.Tgid);
            Assert.Equal(IPAddress.Parse(connectTo), RemoteAddress(p));
        });
        Assert.Equal(3, pair.Left.KeepaliveProbes());
        Assert.Equal(1, pair.Left.TcpExt("TCPAbortOnTimeout"));

        Assert.Equal((EventCause.Probes, (ushort)110, 3u), (timeout.Cause, timeout.Err, timeout.Unanswered));
        Assert.Equal(pair.ClientPort, timeout.Lport);
        Assert.True(probes[0].Silent >= traced.Hz);
        Assert.InRange(timeout.Silent - probes[0].Silent, (3 * traced.Hz) - 2, 5 * traced.Hz);
        Assert.Equal(110, pair.Client.Get(SOL_SOCKET, 4 /* SO_ERROR */));
        Assert.Equal(110, traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Closed).Err);
    }

    [Fact]
    public void TCP_USER_TIMEOUT_ends_the_connection_whatever_the_count()
    {
        using Pair pair = Pair.Unprobed();
        pair.Right.DropAllInput();
        pair.Client.SetKeepalive(idle: 1, Pace.Slowness, count: 9);
        EventRecord first = traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Probe);
        int limit = (int)(first.Silent * 1000 / traced.Hz) + (Pace.Slowness * 1500); // between the second tick from here and the next
        pair.Client.Set(SOL_TCP, TCP_USER_TIMEOUT, limit);

        EventRecord timeout = traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Timeout);
        Assert.Equal((EventCause.UserTimeout, (ushort)110, 2u), (timeout.Cause, timeout.Err, timeout.Unanswered));
        Assert.Equal((uint)limit, timeout.UserTimeout);
        Assert.Equal(2, traced.SoFar(e => pair.Left.Has(e) && e.Kind == EventKind.Probe).Length);
        Assert.Equal(2, pair.Left.KeepaliveProbes());
    }

    [Fact]
    public void An_answered_probe_leaves_the_next_one_the_first_again()
    {
        using Pair pair = new("10.9.0.2", "10.9.0.2", mapped: false, client => client.SetKeepalive(idle: 1, interval: 1, count: 9));

        EventRecord[] probes = traced.WaitFor(3, e => pair.Left.Has(e) && e.Kind == EventKind.Probe);
        Assert.All(probes, p => Assert.Equal((1u, 1), (p.Unanswered, p.ProbesOut)));
        Assert.Equal([1u, 2u, 3u], probes.Select(p => p.Probes));
        pair.Right.DropAllInput();
        traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Probe && e.Unanswered == 2);
        pair.Right.AcceptInputAgain();
        EventRecord[] after = traced.WaitFor(2, e => pair.Left.Has(e) && e.Kind == EventKind.Probe && e.Unanswered == 1 && e.Probes > 4);
        Assert.Equal(traced.SoFar(e => pair.Left.Has(e) && e.Kind == EventKind.Probe).Length, pair.Left.KeepaliveProbes());
        Assert.NotEmpty(after);
    }

    [Fact]
    public void A_half_closed_connection_with_an_owner_is_probed_as_any_other()
    {
        using Pair pair = new("10.9.0.2", "10.9.0.2", mapped: false, client => client.SetKeepalive(idle: 1, interval: 1, count: 2));
        pair.Client.Shutdown(SocketShutdown.Send);

        EventRecord probe = traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Probe);
        Assert.Equal(TcpState.FinWait2, probe.State);
        pair.Right.DropAllInput();
        EventRecord timeout = traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Timeout);
        Assert.Equal(TcpState.FinWait2, timeout.OldState);
    }

    [Fact]
    public void The_timer_of_a_FIN_WAIT2_orphan_is_no_keepalive_event()
    {
        using Pair pair = new("10.9.0.2", "10.9.0.2", mapped: false, client =>
        {
            client.SetKeepalive(idle: 1000, interval: 1, count: 2);
            client.Set(SOL_TCP, 8 /* TCP_LINGER2 */, 61);
        });
        pair.Client.Dispose(); // the peer does not close: FIN_WAIT2, served by this same timer, for 61 - 60 s

        EventRecord closed = traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Closed);
        Assert.Equal((TcpState.FinWait2, (ushort)0), (closed.OldState, closed.Err));
        Assert.Empty(traced.SoFar(e => pair.Left.Has(e) && e.Kind is EventKind.Probe or EventKind.Timeout));
    }

    [Fact]
    public void The_same_4_tuple_in_two_namespaces_is_two_connections()
    {
        using Pair one = new("10.9.0.2", "10.9.0.2", mapped: false, Configure, serverPort: 7001, clientPort: 7002);
        using Pair two = new("10.9.0.2", "10.9.0.2", mapped: false, Configure, serverPort: 7001, clientPort: 7002);
        one.Right.DropAllInput();

        EventRecord timeout = traced.WaitForOne(e => one.Left.Has(e) && e.Kind == EventKind.Timeout);
        traced.WaitFor(3, e => two.Left.Has(e) && e.Kind == EventKind.Probe);
        Assert.Empty(traced.SoFar(e => two.Left.Has(e) && e.Kind == EventKind.Timeout));
        Assert.All(traced.SoFar(e => two.Left.Has(e) && e.Kind == EventKind.Probe), p => Assert.Equal(1u, p.Unanswered));
        Assert.NotEqual(timeout.Cookie, two.Client.Cookie());

        static void Configure(Socket client) => client.SetKeepalive(idle: 1, interval: 1, count: 2);
    }

    [Fact]
    public void No_record_was_lost_and_none_refused()
    {
        Assert.All(traced.Drops(), count => Assert.Equal(0ul, count));
        Assert.Equal(0ul, traced.Undecodable);
        // Each CPU numbers its records from 1: the highest number that came is how many came.
        foreach (IGrouping<uint, EventRecord> cpu in traced.SoFar(_ => true).GroupBy(e => e.Cpu))
            Assert.Equal(cpu.Max(e => e.CpuSeq), (ulong)cpu.Count());
    }

    private static IPAddress RemoteAddress(EventRecord e)
    {
        ReadOnlySpan<byte> bytes = e.Raddr;
        IPAddress address = new(bytes[..(e.Family == 2 ? 4 : 16)]);
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }
}
