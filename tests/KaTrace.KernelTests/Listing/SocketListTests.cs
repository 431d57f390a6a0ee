using System.Net;
using System.Net.Sockets;
using KaTrace.Events;
using KaTrace.KernelTests.Cli;
using KaTrace.KernelTests.Net;
using KaTrace.Sockets;
using SocketFlags = KaTrace.Sockets.SocketFlags;
using static KaTrace.KernelTests.Net.KeepaliveSocket;

namespace KaTrace.KernelTests.Listing;

/// <summary>Every kind of socket is in the list once, as the kernel says that it is, and with those who hold it.</summary>
public sealed class SocketListTests
{
    [Theory]
    [InlineData("10.9.0.2", "10.9.0.2", false)]
    [InlineData("fd00::2", "fd00::2", false)]
    [InlineData("::", "10.9.0.2", true)]
    public void A_connection_has_both_its_ends_its_settings_and_its_other_side(string listenOn, string connectTo, bool mapped)
    {
        using Pair pair = new(listenOn, connectTo, mapped, client =>
        {
            client.SetKeepalive(idle: 101, interval: 12, count: 3);
            client.Set(SOL_TCP, TCP_USER_TIMEOUT, 45_678);
        });
        TcpInfo before = TcpInfo.Of(pair.Client);
        Listed listed = Listed.Now();
        SocketRow client = listed.Of(pair.Client), server = listed.Of(pair.Server);
        Agreement agreement = new();
        agreement.Check(in client, listed.Table.Clock, pair.Client, before);
        agreement.Check(in server, listed.Table.Clock, pair.Server);

        Assert.Equal(15, (int)client.Own);
        Assert.Equal(0, (int)server.Own);
        Assert.True(client.AwaitsProbe);
        Assert.InRange(listed.Table.Clock.ToSeconds((uint)client.Next), 95u, 101u);
        Assert.Equal(server.Cookie, listed.PeerOf(in client).Cookie);
        Assert.Equal(client.Cookie, listed.PeerOf(in server).Cookie);
        Assert.Equal(pair.Listener.Inode(), listed.Table.Rows[server.Listener].Ino);
        Assert.Equal(-1, client.Listener);
        SocketHolder holder = Assert.Single(listed.HoldersOf(in client));
        Assert.Equal((Listed.OwnPid, (int)pair.Client.Handle), (listed.ProcessOf(holder).Key.Pid, holder.Fd));
    }

    [Fact]
    public void A_listener_says_what_its_connections_inherit_and_how_many_wait()
    {
        using NetworkNamespace ns = new();
        using Socket listener = ns.NewSocket();
        listener.SetKeepalive(idle: 33, interval: 4, count: 5);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(7);
        using Socket client = ns.NewSocket();
        client.Connect(listener.LocalEndPoint!);

        (Listed listed, SocketRow waiting) = Listed.WaitForOne(ns, row => (row.Flags & SocketFlags.Unaccepted) != 0 && row.State == TcpState.Established);
        SocketRow row = listed.Of(listener);
        new Agreement().Check(in row, listed.Table.Clock, listener);
        Assert.Equal((1u, 7u), (row.RecvQueue, row.SendQueue));
        Assert.Equal((true, 33u, 0), (waiting.KeepaliveOn, listed.Table.Clock.ToSeconds(waiting.Idle), waiting.HolderCount));
        Assert.Equal(row.Cookie, listed.Table.Rows[waiting.Listener].Cookie);
        Assert.Equal(client.Cookie(), listed.PeerOf(in waiting).Cookie);
    }

    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public void A_socket_that_was_never_connected_is_there_with_its_settings(AddressFamily family)
    {
        using NetworkNamespace ns = new();
        using Socket socket = ns.NewSocket(family);
        socket.SetKeepalive(idle: 77, interval: 8, count: 9);
        Listed listed = Listed.Now();
        SocketRow row = listed.Of(socket);

        new Agreement().Check(in row, listed.Table.Clock, socket);
        Assert.Equal((TcpState.Close, ns.Inode), (row.State, row.Netns));
        Assert.False(row.AwaitsProbe);
    }

    [Fact]
    public void A_socket_that_waits_for_an_answer_to_its_SYN_shows_the_timer_of_that()
    {
        using Pair pair = Pair.Unprobed();
        pair.Right.DropAllInput();
        using Socket socket = pair.Left.NewSocket();
        socket.Set(SOL_SOCKET, SO_KEEPALIVE, 1);
        socket.Blocking = false;
        Assert.Throws<SocketException>(() => socket.Connect(new IPEndPoint(IPAddress.Parse("10.9.0.2"), pair.ServerPort)));

        Listed listed = Listed.Now();
        SocketRow row = listed.Of(socket);
        new Agreement().Check(in row, listed.Table.Clock, socket);
        Assert.Equal((TcpState.SynSent, TimerKind.Retransmit), (row.State, ShownTimer.Of(in row).Kind));
    }

    [Fact]
    public void Half_closed_connections_keep_keepalive_and_their_owners()
    {
        using Pair pair = Pair.Unprobed();
        pair.Server.SetKeepalive(idle: 100, interval: 10, count: 2);
        pair.Client.Shutdown(SocketShutdown.Send);
        Until.True(() => pair.Client.State() == TcpState.FinWait2, "FIN_WAIT2");

        Listed listed = Listed.Now();
        SocketRow closing = listed.Of(pair.Client), waiting = listed.Of(pair.Server);
        new Agreement().Check(in closing, listed.Table.Clock, pair.Client);
        new Agreement().Check(in waiting, listed.Table.Clock, pair.Server);
        Assert.Equal((TcpState.FinWait2, TcpState.CloseWait), (closing.State, waiting.State));
        Assert.Equal([Listed.OwnPid], listed.PidsOf(in closing));
        Assert.True(waiting.AwaitsProbe);
    }

    [Fact]
    public void An_orphan_in_FIN_WAIT2_has_no_owner_and_awaits_no_probe_though_the_keepalive_timer_runs()
    {
        using Pair pair = Pair.Unprobed();
        pair.Client.Set(SOL_TCP, 8 /* TCP_LINGER2 */, 120); // the kernel then keeps a whole socket
        pair.Client.Dispose();

        (Listed listed, SocketRow row) = Listed.WaitForOne(pair.Left, row => row.State == TcpState.FinWait2);
        Assert.Equal(0, row.HolderCount);
        Assert.True((row.Flags & SocketFlags.Orphan) != 0);
        Assert.Equal((false, false, TimerKind.Keepalive), (row.KeepaliveOn, row.AwaitsProbe, ShownTimer.Of(in row).Kind));
        Assert.Equal(pair.Server.Cookie(), listed.PeerOf(in row).Cookie);
    }

    [Fact]
    public void TIME_WAIT_is_no_socket_any_more_but_is_listed()
    {
        using Pair pair = Pair.Unprobed();
        pair.Client.Dispose();
        pair.Server.Dispose();

        (_, SocketRow row) = Listed.WaitForOne(pair.Left, row => row.State == TcpState.TimeWait && row.Substate == TcpState.TimeWait);
        Assert.False(row.IsSocket);
        Assert.Equal((pair.ClientPort, pair.ServerPort, 0ul, 0), (row.Lport, row.Rport, row.Ino, row.HolderCount));
        Assert.Equal((SocketFlags.OtherTimer, TimerKind.TimeWait), (row.Flags, ShownTimer.Of(in row).Kind));
    }

    [Fact]
    public void A_handshake_that_is_not_through_is_listed_as_nobodys()
    {
        using Pair pair = Pair.Unprobed();
        pair.Left.DropAllInput(); // of SYN+ACK
        using Socket socket = pair.Left.NewSocket();
        socket.Blocking = false;
        Assert.Throws<SocketException>(() => socket.Connect(new IPEndPoint(IPAddress.Parse("10.9.0.2"), pair.ServerPort)));

        (Listed listed, SocketRow row) = Listed.WaitForOne(pair.Right, row => row.State == TcpState.NewSynRecv);
        Assert.Equal((pair.ServerPort, (ushort)socket.Name()!.Port, false), (row.Lport, row.Rport, row.IsSocket));
        Assert.Equal(pair.Listener.Inode(), listed.Table.Rows[row.Listener].Ino);
    }

    [Fact]
    public void A_pending_retransmission_hides_the_keepalive_timer_from_ss_and_not_from_the_list()
    {
        using Pair pair = Pair.Unprobed();
        pair.Client.SetKeepalive(idle: 100, interval: 10, count: 3);
        pair.Right.DropAllInput();
        pair.Client.Send("lost"u8);

        (Listed listed, SocketRow row) = Listed.WaitForOne(pair.Left, row => row.State == TcpState.Established && row.Retransmits > 0);
        Assert.Equal(TimerKind.Retransmit, ShownTimer.Of(in row).Kind);
        Assert.True(row.AwaitsProbe);
        Assert.Equal((1u, 4u), (row.PacketsOut, row.SendQueue));
        Assert.DoesNotContain("keepalive", Shell.Run("ip", "netns", "exec", pair.Left.Name, "ss", "-tno"), StringComparison.Ordinal);
    }

    [Fact]
    public void Duplicates_in_one_process_are_one_holder_with_the_lowest_descriptor()
    {
        using NetworkNamespace ns = new();
        using Socket socket = ns.NewSocket();
        using SafeSocketHandle first = socket.Inheritable(), second = socket.Inheritable();
        Listed listed = Listed.Now();
        SocketRow row = listed.Of(socket);

        Assert.Equal((int)socket.Handle, Assert.Single(listed.HoldersOf(in row), holder => listed.ProcessOf(holder).Key.Pid == Listed.OwnPid).Fd);
    }

    [Fact]
    public void All_processes_that_hold_a_socket_after_fork_or_SCM_RIGHTS_are_named_by_pid()
    {
        using NetworkNamespace ns = new();
        using PythonProcess python = new(ns.Name);
        python.Do("s = socket(); s.bind(('127.0.0.1', 0)); s.listen()");
        python.Do("import time\nhere, there = socketpair(AF_UNIX)");
        uint child = python.AskNumber("(lambda pid: pid if pid else (recv_fds(there, 1, 1), there.send(b'x'), time.sleep(1000)))(os.fork())");
        python.Do("p = socket()\nsend_fds(here, [b'p'], [p.fileno()])\nhere.recv(1)");

        Listed listed = Listed.Now();
        SocketRow forked = Assert.Single(listed.In(ns), row => row.State == TcpState.Listen);
        ulong passed = python.Inode("p");
        Assert.Equal([python.Pid, child], listed.PidsOf(in forked));
        Assert.Equal([python.Pid, child], listed.PidsOf(Assert.Single(listed.In(ns), row => row.Ino == passed)));
        Assert.All(listed.HoldersOf(in forked), holder => Assert.Equal("python3", listed.ProcessOf(holder).Comm));
    }

    [Fact]
    public void The_TCP_socket_below_an_MPTCP_socket_is_held_by_who_holds_that()
    {
        if (!File.Exists("/proc/sys/net/mptcp/enabled"))
            return; // this kernel has none
        using NetworkNamespace ns = new();
        using Socket listener = ns.Listen("127.0.0.1");
        using Socket client = ns.NewMptcpSocket();
        client.Connect(listener.LocalEndPoint!);
        client.Set(SOL_SOCKET, SO_KEEPALIVE, 1);

        ushort port = listener.LocalPort();
        Listed listed = Listed.Now();
        SocketRow row = Assert.Single(listed.In(ns), row => row.Rport == port);
        Assert.True((row.Flags & SocketFlags.MptcpSubflow) != 0);
        Assert.True(row.KeepaliveOn);
        SocketHolder holder = listed.HoldersOf(in row)[0];
        Assert.Equal((Listed.OwnPid, -1), (listed.ProcessOf(holder).Key.Pid, holder.Fd));
    }

    [Fact]
    public void The_sysctl_counts_where_the_socket_has_no_setting_of_its_own()
    {
        using NetworkNamespace ns = new();
        using Socket socket = ns.NewSocket();
        Shell.Run("ip", "netns", "exec", ns.Name, "sysctl", "-qw", "net.ipv4.tcp_keepalive_time=123", "net.ipv4.tcp_keepalive_intvl=7", "net.ipv4.tcp_keepalive_probes=4");
        socket.Set(SOL_TCP, TCP_KEEPINTVL, 75);
        Listed listed = Listed.Now();
        SocketRow row = listed.Of(socket);

        new Agreement().Check(in row, listed.Table.Clock, socket);
        Assert.Equal((123u, 75u, (byte)4, KeepaliveSettings.Intvl), (listed.Table.Clock.ToSeconds(row.Idle), listed.Table.Clock.ToSeconds(row.Intvl), row.Cnt, row.Own));
    }

    [Fact]
    public void Sides_in_two_namespaces_that_have_the_same_addresses_as_others_are_not_paired()
    {
        using Pair one = new("10.9.0.2", "10.9.0.2", false, _ => { }, serverPort: 7000, clientPort: 7001);
        using Pair other = new("10.9.0.2", "10.9.0.2", false, _ => { }, serverPort: 7000, clientPort: 7001);
        Listed listed = Listed.Now();

        Assert.All([one.Client, one.Server, other.Client, other.Server], socket => Assert.Equal(-1, listed.Of(socket).Peer));
    }
}
