using System.Net.Sockets;
using System.Runtime.InteropServices;
using KaTrace.Events;
using KaTrace.KernelTests.Net;
using KaTrace.KernelTests.Withheld;
using static KaTrace.KernelTests.Net.KeepaliveSocket;

namespace KaTrace.KernelTests.Stream;

/// <summary>Every way to turn keepalive on, as each backend sees it. What one does not see as it happens is not silent for ever:
/// what comes next tells it.</summary>
public sealed class WayInTests(TracedEvents traced)
{
    public static bool IsX86 => RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <summary>Without 32 where the kernel runs no such programs. Those of the guests do (tests/kernels).</summary>
    public static TheoryData<int> Widths => MachineProgram.Runs32Bit ? [32, 64] : [64];

    [Theory(SkipUnless = nameof(IsX86), Skip = "the programs that make these calls are x86 machine code")]
    [MemberData(nameof(Widths))]
    public void A_process_of_either_width_that_sets_it_on_a_connection_is_seen(int bits)
    {
        using NetworkNamespace ns = new();
        using Socket listener = ns.Listen("127.0.0.1");
        MachineProgram program = new MachineProgram(is32Bit: bits == 32).Socket().Connect(listener.LocalPort())
            .Setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1).Setsockopt(SOL_TCP, TCP_KEEPIDLE, 77);

        (uint pid, EventRecord[] events) = LifeOf(program, ns);
        Assert.Equal(
            bits == 64 || traced.SeesEveryWay
                ? [EventKind.Enabled, EventKind.Armed, EventKind.Configured, EventKind.Closed]
                : [EventKind.Enabled, EventKind.Armed, EventKind.Closed],
            events.Select(e => e.Kind));
        Assert.All(events, e => Assert.Equal(pid, e.Tgid));
        Assert.Equal((EventCause.Setsockopt, TcpState.Established), (events[0].Cause, events[0].State));
        Assert.Equal(77u, events[^1].Idle / traced.Hz);
    }

    [Theory(SkipUnless = nameof(IsX86), Skip = "the programs that make these calls are x86 machine code")]
    [MemberData(nameof(Widths))]
    public void A_process_of_either_width_that_sets_it_before_it_connects_is_seen_then_at_the_latest(int bits)
    {
        using NetworkNamespace ns = new();
        using Socket listener = ns.Listen("127.0.0.1");
        MachineProgram program = new MachineProgram(is32Bit: bits == 32).Socket()
            .Setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1).Setsockopt(SOL_TCP, TCP_KEEPIDLE, 77).Connect(listener.LocalPort());

        (uint pid, EventRecord[] events) = LifeOf(program, ns);
        Assert.Equal(
            bits == 64 || traced.SeesEveryWay
                ? [EventKind.Enabled, EventKind.Configured, EventKind.Armed, EventKind.Closed]
                : [EventKind.Armed, EventKind.Closed],
            events.Select(e => e.Kind));
        Assert.All(events, e => Assert.Equal(pid, e.Tgid));
        Assert.Equal(77u, events[^2].Idle / traced.Hz);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void IoUring_is_seen_with_the_process_whose_ring_it_is_also_where_a_worker_of_the_kernel_does_it(bool byWorker)
    {
        using NetworkNamespace ns = new();
        using Socket socket = ns.NewSocket();
        using IoUring ring = new();
        if (!ring.TrySet(socket, SOL_SOCKET, SO_KEEPALIVE, 1, byWorker))
            return; // before 6.7 it cannot
        Assert.True(ring.TrySet(socket, SOL_TCP, TCP_KEEPIDLE, 77, byWorker));
        Assert.False(ring.TrySet(socket, SOL_TCP, TCP_KEEPIDLE, 0, byWorker)); // EINVAL
        Assert.True(ring.TrySet(socket, SOL_TCP, TCP_KEEPIDLE, 77, byWorker)); // no change
        Assert.True(ring.TrySet(socket, SOL_SOCKET, SO_KEEPALIVE, 0, byWorker));

        traced.WaitForCallsSoFar(traced.SeesIoUring ? barrier => ring.TrySet(barrier, SOL_SOCKET, SO_KEEPALIVE, 1, byWorker) : null);
        EventRecord[] events = traced.SoFar(e => ns.Has(e));
        Assert.Equal(traced.SeesIoUring ? [EventKind.Enabled, EventKind.Configured, EventKind.Disabled] : [], events.Select(e => e.Kind));
        Assert.All(events, e =>
        {
            Assert.Equal((traced.OwnTgid, -1), (e.Tgid, e.Fd));
            Assert.NotEqual(0u, e.Tid);
        });
    }

    [Fact]
    public void IoUring_on_a_connection_is_told_once()
    {
        using NetworkNamespace ns = new();
        using Socket listener = ns.Listen("127.0.0.1");
        using Socket client = ns.NewSocket();
        client.Connect(listener.LocalEndPoint!);
        using IoUring ring = new();
        if (!ring.TrySet(client, SOL_SOCKET, SO_KEEPALIVE, 1))
            return; // before 6.7 it cannot

        traced.WaitForCallsSoFar(traced.SeesIoUring ? barrier => ring.TrySet(barrier, SOL_SOCKET, SO_KEEPALIVE, 1) : null);
        EventRecord[] events = traced.SoFar(e => ns.Has(e));
        Assert.Equal([EventKind.Enabled, EventKind.Armed], events.Select(e => e.Kind));
        Assert.All(events, e => Assert.Equal((traced.OwnTgid, EventCause.Setsockopt), (e.Tgid, events[0].Cause)));
    }

    [Fact]
    public void Bpf_setsockopt_in_a_call_of_the_process_is_that_process()
    {
        using NetworkNamespace ns = new();
        using Socket listener = ns.Listen("127.0.0.1");
        using BpfSetter setter = BpfSetter.BeforeConnect(listener.LocalPort());
        using Socket client = ns.NewSocket();
        client.Connect(listener.LocalEndPoint!);

        Assert.Equal(1, client.Get(SOL_SOCKET, SO_KEEPALIVE));
        EventRecord armed = traced.WaitForOne(e => ns.Has(e) && e.Kind == EventKind.Armed);
        Assert.Equal(traced.OwnTgid, armed.Tgid);
        EventRecord[] enabled = traced.SoFar(e => ns.Has(e) && e.Kind == EventKind.Enabled);
        Assert.Equal(traced.SeesEveryWay ? [traced.OwnTgid] : [], enabled.Select(e => e.Tgid)); // without a connection there is no timer
    }

    [Fact]
    public void Bpf_setsockopt_in_softirq_is_seen_and_nobody_who_was_interrupted_is_blamed()
    {
        using NetworkNamespace left = new();
        using NetworkNamespace right = new();
        NetworkNamespace.Join(left, right);
        using Socket listener = right.Listen("10.9.0.2");
        using BpfSetter setter = BpfSetter.WhenConnected(listener.LocalPort());
        right.DropAllInput();
        using Socket client = left.NewSocket();
        client.Blocking = false;
        Assert.Throws<SocketException>(() => client.Connect(listener.LocalEndPoint!)); // EINPROGRESS
        right.AcceptInputAgain(); // a SYN that is sent by the timer is answered in softirq

        EventRecord armed = traced.WaitForOne(e => left.Has(e) && e.Kind == EventKind.Armed);
        EventRecord enabled = Assert.Single(traced.SoFar(e => left.Has(e) && e.Kind == EventKind.Enabled));
        Assert.Equal(TcpState.Established, enabled.State);
        Assert.All([enabled, armed], e => Assert.Equal((EventCause.Kernel, 0u, 0u), (enabled.Cause, e.Tid, e.Tgid)));
    }

    [Fact]
    public void Bpf_setsockopt_on_a_connection_that_comes_in_is_seen_and_accept_tells_whose_it_is()
    {
        using NetworkNamespace ns = new();
        Shell.Run("ip", "netns", "exec", ns.Name, "sysctl", "-qw", "net.ipv4.tcp_keepalive_time=1");
        using Socket listener = ns.Listen("127.0.0.1");
        using BpfSetter setter = BpfSetter.BeforeAccept(listener.LocalPort());
        using Socket client = ns.NewSocket();
        client.Connect(listener.LocalEndPoint!);
        using Socket server = listener.Accept();

        EventRecord probe = traced.WaitForOne(e => ns.Has(e) && e.Kind == EventKind.Probe);
        EventRecord[] events = traced.SoFar(e => ns.Has(e));
        Assert.Equal([EventKind.Enabled, EventKind.Armed, EventKind.Probe], events.Take(3).Select(e => e.Kind));
        Assert.Equal((EventCause.Kernel, 0u), (events[0].Cause, events[0].Tgid));
        Assert.Equal((listener.LocalPort(), traced.OwnTgid), (probe.Lport, probe.Tgid));
    }

    [Theory]
    [InlineData("accept")]
    [InlineData("accept4")]
    [InlineData("io_uring")]
    public void The_owner_of_an_accepted_connection_is_who_accepted_it_or_unknown(string way)
    {
        using NetworkNamespace ns = new();
        using Socket listener = ns.Listen("127.0.0.1");
        listener.SetKeepalive(idle: 1, interval: 1, count: 3);
        using Socket client = ns.NewSocket();
        client.Connect(listener.LocalEndPoint!);
        using IoUring? ring = way == "io_uring" ? new IoUring() : null;
        using Socket server = ring?.Accept(listener) ?? listener.RawAccept(way == "accept4");

        EventRecord probe = traced.WaitForOne(e => ns.Has(e) && e.Kind == EventKind.Probe);
        Assert.Equal(listener.LocalPort(), probe.Lport);
        Assert.Equal(ring is null ? traced.OwnTgid : 0, probe.Tgid);
    }

    [Theory(SkipUnless = nameof(IsX86), Skip = "the programs that make these calls are x86 machine code")]
    [InlineData(false)]
    [InlineData(true)]
    public void A_socket_of_another_process_is_shown_with_the_one_that_set_it(bool passed)
    {
        using NetworkNamespace ns = new();
        using Socket listener = ns.Listen("127.0.0.1");
        using Socket client = ns.NewSocket();
        client.Connect(listener.LocalEndPoint!);
        (Socket here, Socket there) = RawCalls.UnixPair();
        using (here)
        using (there)
        {
            using SafeSocketHandle inherited = passed ? there.Inheritable() : client.Inheritable();
            here.Pass(client);
            MachineProgram program = new(is32Bit: false);
            if (passed)
                program.Receive((int)inherited.DangerousGetHandle());
            else
                program.Use((int)inherited.DangerousGetHandle());
            using RunningProgram running = program.Setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1).Start(ns);

            EventRecord[] events = traced.WaitFor(2, e => ns.Has(e));
            Assert.Equal([EventKind.Enabled, EventKind.Armed], events.Select(e => e.Kind));
            Assert.All(events, e => Assert.Equal((running.Pid, client.Inode()), (e.Tgid, e.Ino)));
        }
    }

    [Fact]
    public void Set_after_shutdown_it_is_armed_at_once()
    {
        using NetworkNamespace ns = new();
        using Socket listener = ns.Listen("127.0.0.1");
        using Socket client = ns.NewSocket();
        client.Connect(listener.LocalEndPoint!);
        client.Shutdown(SocketShutdown.Send);
        Until.True(() => client.State() == TcpState.FinWait2, "the FIN is acknowledged");
        client.SetKeepalive(idle: 1, interval: 1, count: 3);

        EventRecord probe = traced.WaitForOne(e => ns.Has(e) && e.Kind == EventKind.Probe);
        Assert.Equal([EventKind.Enabled, EventKind.Armed, EventKind.Probe],
            traced.SoFar(e => ns.Has(e) && e.Kind != EventKind.Configured).Take(3).Select(e => e.Kind));
        Assert.Equal((TcpState.FinWait2, traced.OwnTgid), (probe.State, probe.Tgid));
    }

    /// <summary>All that was seen of a program's one socket, from its start to its end.</summary>
    private (uint Pid, EventRecord[] Events) LifeOf(MachineProgram program, NetworkNamespace ns)
    {
        uint pid;
        using (RunningProgram running = program.Start(ns))
        {
            pid = running.Pid;
            traced.WaitForOne(e => ns.Has(e) && e.Kind == EventKind.Armed);
        }

        traced.WaitForOne(e => ns.Has(e) && e.Kind == EventKind.Closed);
        return (pid, traced.SoFar(e => ns.Has(e)));
    }
}
