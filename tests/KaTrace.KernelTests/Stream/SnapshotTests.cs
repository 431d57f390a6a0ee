using System.Net.Sockets;
using System.Net;
using KaTrace.Bpf;
using KaTrace.Events;
using KaTrace.KernelTests.Net;
using KaTrace.KernelTests.Withheld;
using static KaTrace.KernelTests.Net.KeepaliveSocket;

namespace KaTrace.KernelTests.Stream;

/// <summary>What no hook sees is found by looking at all sockets, told once, and marked; what a hook tells is never told again.</summary>
public sealed class SnapshotTests(Reconciled reconciled) : IClassFixture<Reconciled>
{
    private const int Churned = 10_000;

    private readonly TracedEvents _traced = reconciled.Events;

    [Fact]
    public void Calls_that_no_hook_saw_are_told_within_the_time_once_each()
    {
        using UntracedCalls untraced = new(_traced);
        using NetworkNamespace ns = new();
        using Socket socket = ns.NewSocket();
        (KeepaliveSettings Changed, EventKind Kind, int Level, int Option, int Value)[] calls =
        [
            (KeepaliveSettings.None, EventKind.Enabled, SOL_SOCKET, SO_KEEPALIVE, 1),
            (KeepaliveSettings.Idle, EventKind.Configured, SOL_TCP, TCP_KEEPIDLE, 61),
            (KeepaliveSettings.UserTimeout, EventKind.Configured, SOL_TCP, TCP_USER_TIMEOUT, 2501),
            (KeepaliveSettings.None, EventKind.Disabled, SOL_SOCKET, SO_KEEPALIVE, 0),
        ];
        for (int i = 0; i < calls.Length; i++)
        {
            ulong before = RealtimeOffset.MonotonicNs;
            untraced.Set(socket, calls[i].Level, calls[i].Option, calls[i].Value);
            EventRecord told = _traced.WaitFor(i + 1, e => ns.Has(e), 2 * Reconciled.Within)[i];
            Assert.Equal((calls[i].Kind, calls[i].Changed), (told.Kind, told.Changed));
            Assert.Equal(i != calls.Length - 1, told.Flags.HasFlag(EventFlags.Keepalive));
            Assert.Equal(_traced.OwnTgid, told.Tgid);
            AssertFound(told, before);
            Assert.Equal(_traced.SeesEveryWay, told.NotBeforeNs == 0);
        }

        WaitForFurtherSnapshots();
        Assert.Equal(calls.Length, _traced.SoFar(e => ns.Has(e)).Length);
    }

    [Fact]
    public void A_visible_call_that_undoes_a_change_which_no_hook_saw_leaves_nothing_to_tell()
    {
        using UntracedCalls untraced = new(_traced);
        using NetworkNamespace ns = new();
        using Socket socket = ns.NewSocket();
        socket.Set(SOL_TCP, TCP_KEEPIDLE, 50);
        _traced.WaitForOne(e => ns.Has(e)); // a call that is told later is told as what the socket has then
        untraced.Set(socket, SOL_TCP, TCP_KEEPIDLE, 60);
        socket.Set(SOL_TCP, TCP_KEEPIDLE, 50);
        socket.Set(SOL_TCP, TCP_KEEPIDLE, 70);

        WaitForFurtherSnapshots();
        uint[] idle = _traced.SeesEveryWay ? [50, 60, 50, 70] : [50, 70];
        Assert.Equal(idle, _traced.SoFar(e => ns.Has(e)).Select(e => e.Idle / _traced.Hz));
    }

    [Fact]
    public void The_owner_of_a_connection_that_no_hook_saw_accepted_is_who_holds_it()
    {
        using UntracedCalls untraced = new(_traced);
        using NetworkNamespace ns = new();
        using Socket listener = ns.Listen("127.0.0.1");
        listener.SetKeepalive(idle: 1, interval: 1, count: 9);
        using Socket client = ns.NewSocket();
        client.Connect(listener.LocalEndPoint!);
        EventRecord waiting = _traced.WaitForOne(e => ns.Has(e) && e.Kind == EventKind.Probe);
        Assert.False(waiting.Flags.HasFlag(EventFlags.Owner));
        Assert.True(waiting.Flags.HasFlag(EventFlags.NoFile));
        Assert.Equal((Holding.None, 0), (waiting.Holding, waiting.Holders));

        using Socket server = untraced.Accept(listener);
        EventRecord accepted = _traced.WaitForOne(e => ns.Has(e) && e.Kind == EventKind.Probe && e.Flags.HasFlag(EventFlags.Owner));
        Assert.Equal((_traced.OwnTgid, server.Inode()), (accepted.Tgid, accepted.Ino));
    }

    [Fact]
    public void The_TCP_socket_below_an_MPTCP_socket_belongs_to_who_holds_that()
    {
        if (!File.Exists("/proc/sys/net/mptcp/enabled"))
            return; // this kernel has none
        using NetworkNamespace ns = new();
        using Socket listener = ns.Listen("127.0.0.1");
        using Socket client = ns.NewMptcpSocket();
        client.Connect(listener.LocalEndPoint!);
        client.Set(SOL_SOCKET, SO_KEEPALIVE, 1); // the kernel turns it on below
        Assert.Equal(listener.LocalPort(), _traced.WaitForOne(e => ns.Has(e) && e.Kind == EventKind.Enabled).Rport);
        WaitForFurtherSnapshots();
        ulong before = RealtimeOffset.MonotonicNs;
        client.Set(SOL_SOCKET, SO_KEEPALIVE, 0);

        EventRecord told = _traced.WaitForOne(e => ns.Has(e) && e.Kind == EventKind.Disabled);
        Assert.Equal(_traced.OwnTgid, told.Tgid);
        Assert.Contains(_traced.OwnTgid, SocketHolders.Pids(told).ToArray()); // and for a moment whom the tests start, before exec
        AssertFound(told, before);
    }

    [Fact]
    public void Ten_thousand_sockets_that_come_and_go_by_visible_calls_give_no_reconciled_event()
    {
        using NetworkNamespace ns = new();
        using Socket listener = ns.Listen("127.0.0.1");
        listener.SetKeepalive(idle: 100, interval: 10, count: 3);
        using CancellationTokenSource stop = new();
        ulong[] drops = _traced.Drops();
        ulong skipped = _traced.Skipped();
        // Met many times in each pass, and often within a call.
        using Socket busy = ns.NewSocket();
        SafeSocketHandle[] descriptors = [.. Enumerable.Range(0, 1000).Select(_ => busy.Inheritable())];
        ulong busyInode = busy.Inode();
        int changes = -1; // the first call turns off what is off
        Thread toggler = new(() =>
        {
            for (int i = 0; !stop.IsCancellationRequested; i++, changes += 2)
            {
                busy.Set(SOL_SOCKET, SO_KEEPALIVE, i & 1);
                busy.Set(SOL_TCP, TCP_KEEPINTVL, 10 + (i & 1));
                if (i % 20 == 0)
                    Thread.Sleep(5); // not to fill the ring: what is lost there is found by snapshots, rightly
            }
        });
        toggler.Start();
        Queue<Socket> open = new();
        Socket[] unconnected = ns.Run(() => Enumerable.Range(0, Churned / 2).Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)).ToArray());
        for (int i = 0; i < unconnected.Length; i++)
        {
            unconnected[i].SetKeepalive(idle: 50 + (i & 1), interval: 5, count: 2);
            Socket client = unconnected[i];
            client.Connect(listener.LocalEndPoint!);
            open.Enqueue(client);
            open.Enqueue(listener.Accept());
            client.Set(SOL_SOCKET, SO_KEEPALIVE, 0);
            client.Set(SOL_SOCKET, SO_KEEPALIVE, 1);
            while (open.Count > 500)
                open.Dequeue().Dispose();
        }

        WaitForFurtherSnapshots();
        stop.Cancel();
        toggler.Join();
        WaitForFurtherSnapshots();
        foreach (IDisposable one in open.Concat<IDisposable>(descriptors))
            one.Dispose();
        Assert.Equal(drops, _traced.Drops());
        // One that is gone has no namespace any more.
        HashSet<ulong> closed = [.. _traced.SoFar(e => ns.Has(e) && e.Kind == EventKind.Closed && e.Cookie != 0).Select(e => e.Cookie)];
        EventRecord[] found = _traced.SoFar(e => e.Source == EventSource.Reconciled && (ns.Has(e) || closed.Contains(e.Cookie)));
        // What a program that the kernel left out did not see is found, rightly. Where it does not count them, the busy one's calls are.
        long unseen = _traced.CountsSkipped
            ? (long)(_traced.Skipped() - skipped)
            : found.All(e => e.Ino == busyInode) ? changes - _traced.SoFar(e => e.Ino == busyInode && e.Source != EventSource.Reconciled).Length : 0;
        string summary = $"{found.Length} events found, {unseen} programs or calls left out: {TracedEvents.Describe(found)}";
        Assert.True(found.Length <= unseen || found.Length == 0, summary);
        if (found.Length > 0)
            TestContext.Current.TestOutputHelper?.WriteLine($"lost, and counted: {summary}");
        Assert.Empty(_traced.SnapshotFailures);
    }

    private void AssertFound(in EventRecord told, ulong before)
    {
        if (_traced.SeesEveryWay)
        {
            Assert.Equal(EventSource.Setter, told.Source);
            return;
        }

        Assert.Equal(EventSource.Reconciled, told.Source);
        TestContext.Current.TestOutputHelper?.WriteLine("reconciled"); // for the matrix of kernels
        Assert.InRange(told.NotBeforeNs, 0ul, before);
        // One pass more than planned for, as passes take time too.
        Assert.InRange(told.TimeNs, before, before + (ulong)(1.5 * Reconciled.Within.TotalNanoseconds));
    }

    /// <summary>The first of them may be under way, and past the socket; a change is told when two in a row have met it.</summary>
    private void WaitForFurtherSnapshots()
    {
        uint before = _traced.SnapshotsTaken;
        _traced.WaitUntil(() => _traced.SnapshotsTaken >= before + 3, () => $"{_traced.SnapshotsTaken - before} snapshots");
        _traced.WaitForCallsSoFar();
    }
}
