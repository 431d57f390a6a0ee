using System.Net.Sockets;
using System.Text;
using KaTrace.Events;
using KaTrace.KernelTests.Net;
using KaTrace.KernelTests.Withheld;
using static KaTrace.KernelTests.Net.KeepaliveSocket;

namespace KaTrace.KernelTests.Stream;

/// <summary>How a connection can end, and what is said of each.</summary>
public sealed class DeathTests(TracedEvents traced)
{
    private const int ENETUNREACH = 101;
    private const int ECONNABORTED = 103;
    private const int ECONNRESET = 104;
    private const int ETIMEDOUT = 110;
    private const int TCP_CONGESTION = 13;

    [Fact]
    public void Data_that_nobody_acknowledges_is_a_timeout_without_a_probe()
    {
        using Pair pair = Pair.Probing(count: 9);
        pair.Client.Set(SOL_TCP, TCP_USER_TIMEOUT, 3000);
        pair.Right.DropAllInput();
        pair.Client.Send(new byte[1]);

        EventRecord timeout = traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Timeout);
        Assert.Equal((EventCause.Retransmit, (ushort)ETIMEDOUT, EventSource.Timer), (timeout.Cause, timeout.Err, timeout.Source));
        EventRecord[] probes = traced.SoFar(e => pair.Left.Has(e) && e.Kind == EventKind.Probe);
        Assert.All(probes, p => Assert.Equal(1u, p.Unanswered)); // those from before, if it took long to get there
        Assert.Equal(probes.Length, pair.Left.KeepaliveProbes());
        Assert.Equal((EventKind.Closed, (ushort)ETIMEDOUT), Last(pair));
    }

    [Fact]
    public void A_peer_that_has_lost_the_connection_resets_it_at_the_first_probe()
    {
        using Pair pair = Pair.Probing(count: 9);
        pair.Server.Forget();

        EventRecord reset = traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Reset);
        Assert.Equal(((ushort)ECONNRESET, 1u), (reset.Err, reset.Unanswered));
        Assert.Equal((TcpState.Established, TcpState.Close), (reset.OldState, reset.State));
        EventRecord closed = traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Closed);
        Assert.Equal((ushort)ECONNRESET, closed.Err);
        Assert.True(closed.TimeNs > reset.TimeNs);
        Assert.Empty(traced.SoFar(e => pair.Left.Has(e) && e.Kind == EventKind.Timeout));
        Assert.Equal(ECONNRESET, pair.Client.Get(SOL_SOCKET, 4 /* SO_ERROR */));
    }

    [Fact]
    public void A_connection_that_the_administrator_kills_amid_probes_is_closed_and_no_more()
    {
        using Pair pair = ProbedInVain();
        Shell.Run("ip", "netns", "exec", pair.Left.Name, "ss", "-K", "dst", "10.9.0.2");

        EventRecord closed = traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Closed);
        Assert.Equal((ushort)ECONNABORTED, closed.Err);
        Assert.NotEqual(0u, closed.Unanswered);
        Assert.Empty(traced.SoFar(e => pair.Left.Has(e) && e.Kind is (EventKind.Timeout or EventKind.Reset)));
    }

    [Fact]
    public void A_connection_that_its_owner_aborts_amid_probes_is_closed_and_no_more()
    {
        using Pair pair = ProbedInVain();
        pair.Client.LingerState = new LingerOption(true, 0);
        pair.Client.Dispose();

        EventRecord closed = traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Closed);
        Assert.NotEqual(0u, closed.Unanswered);
        Assert.Empty(traced.SoFar(e => pair.Left.Has(e) && e.Kind is (EventKind.Timeout or EventKind.Reset)));
    }

    [Fact]
    public void TCP_USER_TIMEOUT_lowered_amid_probes_ends_them_at_the_next_tick()
    {
        using Pair pair = Pair.ProbingInVain(count: 9);
        traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Probe && e.Unanswered == 2);
        pair.Client.Set(SOL_TCP, TCP_USER_TIMEOUT, 1000);

        EventRecord timeout = traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Timeout);
        EventRecord lowered = traced.WaitForOne(e => pair.Left.Has(e) && e.Changed == KeepaliveSettings.UserTimeout);
        EventRecord[] probes = traced.SoFar(e => pair.Left.Has(e) && e.Kind == EventKind.Probe);
        Assert.Equal((EventCause.UserTimeout, (ushort)ETIMEDOUT), (timeout.Cause, timeout.Err));
        Assert.Equal((uint)probes.Length, timeout.Unanswered);
        Assert.All(probes, p => Assert.True(p.TimeNs < lowered.TimeNs));
    }

    [Fact]
    public void Without_a_route_an_IPv6_connection_ends_with_the_error_of_the_route_and_is_a_timeout_all_the_same()
    {
        using Pair pair = new("fd00::2", "fd00::2", mapped: false, client => client.SetKeepalive(idle: 1, interval: 1, count: 2));
        Shell.Run("ip", "-n", pair.Left.Name, "-6", "route", "del", "fd00::/64", "dev", "veth0");

        EventRecord timeout = traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Timeout);
        Assert.Equal((EventCause.Probes, (ushort)ENETUNREACH, 2u), (timeout.Cause, timeout.Err, timeout.Unanswered));
        Assert.Equal((EventKind.Closed, (ushort)ENETUNREACH), Last(pair));
    }

    [Fact]
    public void Probes_that_the_own_firewall_drops_are_probes()
    {
        using Pair pair = Pair.Probing(count: 3);
        pair.Left.DropAllOutput();

        EventRecord timeout = traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Timeout);
        Assert.Equal((EventCause.Probes, (ushort)ETIMEDOUT, 3u), (timeout.Cause, timeout.Err, timeout.Unanswered));
        EventRecord[] probes = traced.SoFar(e => pair.Left.Has(e) && e.Kind == EventKind.Probe);
        Assert.Equal([1u, 2u, 3u], probes.TakeLast(3).Select(p => p.Unanswered));
        Assert.Equal(probes.Length, pair.Left.KeepaliveProbes());
        Assert.Empty(traced.SoFar(e => pair.Left.Has(e) && e.Kind == EventKind.LocalDrop));
    }

    [Fact]
    public void A_busy_socket_puts_its_timer_off_and_its_probes_are_exact_all_the_same()
    {
        using Pair pair = Pair.ProbingInVain(count: 3);
        bool ended = false;
        byte[] cubic = Encoding.ASCII.GetBytes("cubic");
        byte[] reno = Encoding.ASCII.GetBytes("reno");
        Thread[] busy = [.. Enumerable.Range(0, 3).Select(_ => new Thread(() =>
        {
            while (!Volatile.Read(ref ended))
            {
                pair.Client.SetRawSocketOption(SOL_TCP, TCP_CONGESTION, cubic);
                pair.Client.SetRawSocketOption(SOL_TCP, TCP_CONGESTION, reno);
            }
        }))];
        foreach (Thread thread in busy)
            thread.Start();
        EventRecord timeout;
        try
        {
            timeout = traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Timeout);
        }
        finally
        {
            Volatile.Write(ref ended, true);
            foreach (Thread thread in busy)
                thread.Join();
        }

        EventRecord[] probes = traced.SoFar(e => pair.Left.Has(e) && e.Kind == EventKind.Probe);
        if (traced.MayMissTimers)
        {
            // What is told is true all the same: the kernel's own number of each, and none that there was not.
            Assert.Equal(probes.Select(p => p.ProbesOut).Distinct().Order(), probes.Select(p => p.ProbesOut));
            Assert.InRange(probes.Length, 0, pair.Left.KeepaliveProbes());
            return;
        }

        Assert.Equal([1u, 2u, 3u], probes.TakeLast(3).Select(p => p.Unanswered));
        Assert.Equal([1, 2, 3], probes.TakeLast(3).Select(p => (int)p.ProbesOut));
        Assert.Equal(3u, timeout.Unanswered);
        Assert.Equal(probes.Length, pair.Left.KeepaliveProbes());
    }

    private Pair ProbedInVain()
    {
        Pair pair = Pair.ProbingInVain(count: 9);
        traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Probe && e.Unanswered == 2);
        return pair;
    }

    private (EventKind Kind, ushort Err) Last(Pair pair)
    {
        traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Closed);
        EventRecord last = traced.SoFar(e => pair.Left.Has(e))[^1];
        return (last.Kind, last.Err);
    }
}
