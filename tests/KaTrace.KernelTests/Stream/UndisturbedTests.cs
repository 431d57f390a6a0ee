using System.Buffers.Binary;
using System.Net.Sockets;
using KaTrace.Events;
using KaTrace.KernelTests.Net;
using static KaTrace.KernelTests.Net.KeepaliveSocket;

namespace KaTrace.KernelTests.Stream;

/// <summary>A program on the root cgroup stands in the way of every setsockopt of the host, and must let each through as it is.</summary>
public sealed class UndisturbedTests(TracedEvents traced)
{
    private const int IPPROTO_IP = 0;
    private const int IP_ADD_MEMBERSHIP = 35;
    private const int IP_MSFILTER = 41;
    private const int TCP_CONGESTION = 13;

    [Fact]
    public void A_value_of_more_than_a_page_arrives_whole()
    {
        const int Sources = 2 * 4096 / 4;
        using NetworkNamespace ns = new();
        Shell.Run("ip", "netns", "exec", ns.Name, "sysctl", "-qw", $"net.ipv4.igmp_max_msf={Sources}");
        using Socket udp = ns.Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        byte[] group = [239, 1, 2, 3, 127, 0, 0, 1];
        udp.SetRawSocketOption(IPPROTO_IP, IP_ADD_MEMBERSHIP, group);
        byte[] filter = new byte[16 + (4 * Sources)]; // struct ip_msfilter: group, interface, mode, count, sources
        group.CopyTo(filter, 0);
        filter[8] = 1; // MCAST_INCLUDE
        BinaryPrimitives.WriteInt32LittleEndian(filter.AsSpan(12), Sources);
        for (int i = 0; i < Sources; i++)
            BinaryPrimitives.WriteInt32BigEndian(filter.AsSpan(16 + (4 * i)), 0x0a000001 + i);

        udp.SetRawSocketOption(IPPROTO_IP, IP_MSFILTER, filter);

        byte[] kept = new byte[filter.Length];
        filter.AsSpan(0, 16).CopyTo(kept);
        Assert.Equal(filter.Length, udp.GetRawSocketOption(IPPROTO_IP, IP_MSFILTER, kept));
        Assert.Equal(filter, kept);
    }

    [Fact]
    public void Keepalive_may_be_set_with_a_value_of_more_than_a_page_and_is_seen()
    {
        using NetworkNamespace ns = new();
        using Socket socket = ns.NewSocket();
        byte[] value = new byte[8192];
        value[0] = 1;
        socket.SetRawSocketOption(SOL_SOCKET, SO_KEEPALIVE, value);
        value[0] = 77;
        socket.SetRawSocketOption(SOL_TCP, TCP_KEEPIDLE, value);

        traced.WaitForCallsSoFar();
        Assert.Equal([EventKind.Enabled, EventKind.Configured], traced.SoFar(e => ns.Has(e)).Select(e => e.Kind));
        Assert.Equal((1, 77), (socket.Get(SOL_SOCKET, SO_KEEPALIVE), socket.Get(SOL_TCP, TCP_KEEPIDLE)));
    }

    [Fact]
    public void A_value_that_is_a_string_keeps_its_length()
    {
        using NetworkNamespace ns = new();
        using Socket socket = ns.NewSocket();
        socket.SetRawSocketOption(SOL_TCP, TCP_CONGESTION, "reno"u8); // without its end
        byte[] name = new byte[16];
        socket.GetRawSocketOption(SOL_TCP, TCP_CONGESTION, name);
        Assert.Equal("reno", System.Text.Encoding.ASCII.GetString(name).TrimEnd('\0'));
    }

    [Fact]
    public void What_another_program_on_the_root_cgroup_changes_stays_changed()
    {
        using NetworkNamespace ns = new();
        using Socket socket = ns.NewSocket();
        using (BpfSetter.Instead(option: TCP_KEEPCNT, asked: 97, set: 7))
            socket.Set(SOL_TCP, TCP_KEEPCNT, 97);

        Assert.Equal(7, socket.Get(SOL_TCP, TCP_KEEPCNT));
        EventRecord configured = traced.WaitForOne(e => ns.Has(e));
        Assert.Equal((EventKind.Configured, 7), (configured.Kind, configured.Cnt));
    }
}
