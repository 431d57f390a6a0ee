using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using KaTrace.Events;
using KaTrace.KernelTests.Net;
using static KaTrace.KernelTests.Net.KeepaliveSocket;

namespace KaTrace.KernelTests.Stream;

/// <summary>What setsockopt(2) did is an event; what it refused, or did not change, is none.</summary>
public sealed partial class OptionTests(TracedEvents traced)
{
    [Fact]
    public void Turning_it_on_and_off_gives_one_event_each_with_process_thread_and_descriptor()
    {
        using Socket socket = NewSocket();
        socket.Set(SOL_SOCKET, SO_KEEPALIVE, 1);
        socket.Set(SOL_SOCKET, SO_KEEPALIVE, 0);

        EventRecord[] events = EventsUntilBarrier(socket);
        Assert.Equal([EventKind.Enabled, EventKind.Disabled], events.Select(e => e.Kind));
        Assert.All(events, e =>
        {
            Assert.Equal(traced.OwnTgid, e.Tgid);
            Assert.NotEqual(0u, e.Tid);
            Assert.Equal(traced.SeesDescriptors ? (int)socket.SafeHandle.DangerousGetHandle() : -1, e.Fd);
            Assert.Equal(TcpState.Close, e.State);
            Assert.True(e.Flags.HasFlag(EventFlags.Owner));
        });
        Assert.True(events[0].Flags.HasFlag(EventFlags.Keepalive));
        Assert.False(events[1].Flags.HasFlag(EventFlags.Keepalive));
    }

    [Fact]
    public void Turning_it_on_twice_gives_one_event()
    {
        using Socket socket = NewSocket();
        socket.Set(SOL_SOCKET, SO_KEEPALIVE, 1);
        socket.Set(SOL_SOCKET, SO_KEEPALIVE, 1);

        Assert.Equal([EventKind.Enabled], EventsUntilBarrier(socket).Select(e => e.Kind));
    }

    [Fact]
    public void Any_value_but_zero_turns_it_on_even_one_whose_low_byte_is_zero()
    {
        using Socket socket = NewSocket();
        socket.Set(SOL_SOCKET, SO_KEEPALIVE, 256);

        Assert.Equal([EventKind.Enabled], EventsUntilBarrier(socket).Select(e => e.Kind));
        Assert.Equal(1, socket.Get(SOL_SOCKET, SO_KEEPALIVE));
    }

    [Fact]
    public void Failing_calls_give_no_event()
    {
        using Socket socket = NewSocket();
        int fd = (int)socket.SafeHandle.DangerousGetHandle();
        int one = 1, zero = 0;
        using FileStream file = File.OpenRead("/dev/null");

        Assert.Equal(22, SetsockoptError(fd, SOL_SOCKET, SO_KEEPALIVE, ref one, 2));
        Assert.Equal(14, SetsockoptError(fd, SOL_SOCKET, SO_KEEPALIVE, ref Unsafe.NullRef<int>(), 4));
        Assert.Equal(9, SetsockoptError(1_000_000, SOL_SOCKET, SO_KEEPALIVE, ref one, 4));
        Assert.Equal(88, SetsockoptError((int)file.SafeFileHandle.DangerousGetHandle(), SOL_SOCKET, SO_KEEPALIVE, ref one, 4));
        Assert.Equal(22, SetsockoptError(fd, SOL_TCP, TCP_KEEPIDLE, ref zero, 4));

        Assert.Empty(EventsUntilBarrier(socket));
    }

    [Fact]
    public void Sockets_that_are_not_TCP_give_no_event()
    {
        using Socket udp = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        using Socket unix = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        ulong[] inodes = [udp.Inode(), unix.Inode()];
        udp.Set(SOL_SOCKET, SO_KEEPALIVE, 1);
        unix.Set(SOL_SOCKET, SO_KEEPALIVE, 1);

        using Socket socket = NewSocket();
        _ = EventsUntilBarrier(socket);
        Assert.Empty(traced.SoFar(e => inodes.Contains(e.Ino)));
    }

    [Theory]
    [InlineData(TCP_KEEPIDLE, 61, (byte)KeepaliveSettings.Idle)]
    [InlineData(TCP_KEEPINTVL, 17, (byte)KeepaliveSettings.Intvl)]
    [InlineData(TCP_KEEPCNT, 4, (byte)KeepaliveSettings.Cnt)]
    [InlineData(TCP_USER_TIMEOUT, 2501, (byte)KeepaliveSettings.UserTimeout)]
    public void Each_setting_gives_an_event_with_what_changed_and_what_is_in_force(int option, int value, byte changed)
    {
        using Socket socket = NewSocket();
        socket.Set(SOL_TCP, option, value);
        socket.Set(SOL_TCP, option, value); // no change, no event

        EventRecord e = Assert.Single(EventsUntilBarrier(socket));
        Assert.Equal(EventKind.Configured, e.Kind);
        Assert.Equal((KeepaliveSettings)changed, e.Changed);
        Assert.Equal((KeepaliveSettings)changed, e.Own);
        Assert.Equal((uint)socket.Get(SOL_TCP, TCP_KEEPIDLE), e.Idle / traced.Hz);
        Assert.Equal((uint)socket.Get(SOL_TCP, TCP_KEEPINTVL), e.Intvl / traced.Hz);
        Assert.Equal(socket.Get(SOL_TCP, TCP_KEEPCNT), e.Cnt);
        Assert.Equal((uint)socket.Get(SOL_TCP, TCP_USER_TIMEOUT), e.UserTimeout);
    }

    [Fact]
    public void What_is_not_set_on_the_socket_is_the_sysctl_of_its_network_namespace()
    {
        using NetworkNamespace ns = new();
        Shell.Run("ip", "netns", "exec", ns.Name, "sh", "-c",
            "echo 901 > /proc/sys/net/ipv4/tcp_keepalive_time; echo 31 > /proc/sys/net/ipv4/tcp_keepalive_intvl; echo 5 > /proc/sys/net/ipv4/tcp_keepalive_probes");
        using Socket socket = ns.NewSocket();
        socket.Set(SOL_TCP, TCP_KEEPINTVL, 12);

        EventRecord e = Assert.Single(EventsUntilBarrier(socket));
        Assert.Equal(ns.Inode, e.Netns);
        Assert.Equal((901u, 12u, 5), (e.Idle / traced.Hz, e.Intvl / traced.Hz, e.Cnt));
        Assert.Equal(KeepaliveSettings.Intvl, e.Own);
    }

    [Fact]
    public void Ten_thousand_sockets_turned_on_in_a_burst_are_all_seen()
    {
        const int Count = 10_000;
        ulong[] before = traced.Drops();
        Socket[] sockets = [.. Enumerable.Range(0, Count).Select(_ => NewSocket())];
        try
        {
            HashSet<ulong> inodes = [.. sockets.Select(s => s.Inode())];
            foreach (Socket socket in sockets)
                socket.Set(SOL_SOCKET, SO_KEEPALIVE, 1);

            EventRecord[] seen = traced.WaitFor(Count, e => e.Kind == EventKind.Enabled && inodes.Contains(e.Ino));
            Assert.Equal(Count, seen.Select(e => e.Ino).Distinct().Count());
            Assert.Equal(before, traced.Drops());
        }
        finally
        {
            foreach (Socket socket in sockets)
                socket.Dispose();
        }
    }

    private static Socket NewSocket() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    private EventRecord[] EventsUntilBarrier(Socket socket)
    {
        ulong inode = socket.Inode();
        traced.WaitForCallsSoFar();
        return traced.SoFar(e => e.Ino == inode);
    }

    private static int SetsockoptError(int fd, int level, int option, ref int value, uint length) =>
        setsockopt(fd, level, option, ref value, length) == 0 ? 0 : Marshal.GetLastPInvokeError();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsockopt(int fd, int level, int option, ref int value, uint length);
}
