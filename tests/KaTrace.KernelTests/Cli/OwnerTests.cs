using System.Net.Sockets;
using KaTrace.Events;
using KaTrace.KernelTests.Net;
using KaTrace.KernelTests.Stream;

namespace KaTrace.KernelTests.Cli;

/// <summary>Descriptors are inherited, passed on, duplicated and closed: all who hold one are known, and nobody who has gone is shown
/// as if it were there.</summary>
public sealed class OwnerTests(Reconciled reconciled) : IClassFixture<Reconciled>
{
    private readonly TracedEvents _traced = reconciled.Events;

    [Fact]
    public void After_fork_both_hold_the_socket_and_the_child_owns_it_once_the_parent_has_exited()
    {
        using NetworkNamespace ns = new();
        using PythonProcess parent = new(ns.Name);
        parent.Do("""
            listener = create_server(('127.0.0.1', 0))
            s = create_connection(listener.getsockname())
            s.setsockopt(IPPROTO_TCP, TCP_KEEPIDLE, 1)
            s.setsockopt(IPPROTO_TCP, TCP_KEEPINTVL, 1)
            s.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)
            import time
            child = os.fork()
            if child == 0:
                os.close(0); os.close(1); os.close(2)
                time.sleep(3600)
            """);
        uint child = parent.AskNumber("child");
        using ChildProcess killed = new(child);
        EventRecord shared = _traced.WaitForOne(e => ns.Has(e) && e.Kind == EventKind.Probe && e.Holders == 2);
        Assert.Equal([parent.Pid, child], SocketHolders.Pids(shared).ToArray());
        Assert.Equal((parent.Pid, Holding.None), (shared.Tgid, shared.Holding));

        ulong exited = parent.Kill();
        EventRecord inherited = _traced.WaitForOne(e => ns.Has(e) && e.Kind == EventKind.Probe && e.Tgid == child);
        Assert.Equal((Holding.None, "python3"), (inherited.Holding, Comm(inherited)));
        Assert.All(_traced.SoFar(e => ns.Has(e) && e.TimeNs > exited && e.Tgid == parent.Pid), e => Assert.Equal(Holding.Exited, e.Holding));
        _traced.WaitForOne(e => ns.Has(e) && e.Kind == EventKind.Probe && e.Holders == 1);
    }

    [Fact]
    public void A_socket_that_was_passed_on_and_closed_by_the_first_belongs_to_the_second()
    {
        using NetworkNamespace ns = new();
        using PythonProcess giver = new(ns.Name);
        using PythonProcess taker = new(ns.Name);
        string path = Path.GetTempFileName();
        taker.Do($"""
            os.unlink('{path}')
            door = socket(AF_UNIX); door.bind('{path}'); door.listen()
            """);
        giver.Do($"""
            listener = create_server(('127.0.0.1', 0))
            s = create_connection(listener.getsockname())
            s.setsockopt(IPPROTO_TCP, TCP_KEEPIDLE, 1)
            s.setsockopt(IPPROTO_TCP, TCP_KEEPINTVL, 1)
            s.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)
            way = socket(AF_UNIX); way.connect('{path}')
            send_fds(way, [b'x'], [s.fileno()])
            """);
        taker.Do("fds = recv_fds(door.accept()[0], 1, 1)[1]");
        File.Delete(path);
        EventRecord shared = _traced.WaitForOne(e => ns.Has(e) && e.Kind == EventKind.Probe && e.Holders == 2);
        Assert.Equal(new[] { giver.Pid, taker.Pid }.Order(), SocketHolders.Pids(shared).ToArray());
        Assert.Equal(1u, SocketHolders.BesideOwner(shared));

        giver.Do("s.close()");
        EventRecord passed = _traced.WaitForOne(e => ns.Has(e) && e.Kind == EventKind.Probe && e.Tgid == taker.Pid);
        Assert.Equal((Holding.None, "python3"), (passed.Holding, Comm(passed)));
    }

    [Fact]
    public void A_duplicated_descriptor_makes_no_second_holder()
    {
        using NetworkNamespace ns = new();
        using Socket listener = ns.Listen("127.0.0.1");
        using PythonProcess client = new(ns.Name);
        client.Do($"""
            s = create_connection(('127.0.0.1', {listener.LocalPort()}))
            t = s.dup()
            s.setsockopt(IPPROTO_TCP, TCP_KEEPIDLE, 1)
            s.setsockopt(IPPROTO_TCP, TCP_KEEPINTVL, 1)
            s.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)
            """);

        EventRecord probe = _traced.WaitForOne(e => ns.Has(e) && e.Kind == EventKind.Probe && e.Holders > 0);
        Assert.Equal((1, 0u), (probe.Holders, SocketHolders.BesideOwner(probe)));
    }

    [Fact]
    public void The_end_of_a_connection_names_the_process_that_has_exited_and_says_so()
    {
        using NetworkNamespace ns = new();
        using Socket listener = ns.Listen("127.0.0.1");
        using PythonProcess client = new(ns.Name);
        client.Do($"""
            s = create_connection(('127.0.0.1', {listener.LocalPort()}))
            s.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)
            """);
        using Socket server = listener.Accept();
        Assert.Equal(Holding.None, _traced.WaitForOne(e => ns.Has(e) && e.Kind == EventKind.Enabled).Holding);

        client.Kill();
        server.Dispose();
        EventRecord closed = _traced.WaitForOne(e => ns.Has(e) && e.Kind == EventKind.Closed);
        Assert.Equal((client.Pid, "python3"), (closed.Tgid, Comm(closed)));
        Assert.Equal(Holding.Exited | Holding.Orphan, closed.Holding);
    }

    private static string Comm(in EventRecord record) => System.Text.Encoding.UTF8.GetString(RecordComm.Of(in record));
}
