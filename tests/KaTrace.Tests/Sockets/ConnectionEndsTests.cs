using CsCheck;
using KaTrace.Events;
using KaTrace.Output;
using KaTrace.Sockets;

namespace KaTrace.Tests.Sockets;

/// <summary>The other side of a connection is known for sure, or is not said.</summary>
public sealed class ConnectionEndsTests
{
    [Fact]
    public void Both_sides_in_one_namespace_are_each_others()
    {
        SocketRow[] rows = Linked(
            Rows.Connection("127.0.0.1", 6379, "127.0.0.1", 40000),
            Rows.Connection("127.0.0.1", 40000, "127.0.0.1", 6379),
            Rows.Connection("127.0.0.1", 40001, "127.0.0.1", 6379));

        Assert.Equal([1, 0, -1], rows.Select(row => row.Peer));
    }

    [Fact]
    public void One_side_may_be_IPv4_mapped() =>
        Assert.Equal([1, 0], Linked(
            Rows.Connection("::ffff:10.0.0.1", 80, "::ffff:10.0.0.1", 40000),
            Rows.Connection("10.0.0.1", 40000, "10.0.0.1", 80)).Select(row => row.Peer));

    [Fact]
    public void Sides_in_two_namespaces_are_paired_where_no_other_has_these_ends() =>
        Assert.Equal([1, 0], Linked(
            Rows.Connection("10.0.0.1", 80, "10.0.0.2", 40000, netns: 1),
            Rows.Connection("10.0.0.2", 40000, "10.0.0.1", 80, netns: 2)).Select(row => row.Peer));

    [Fact]
    public void Sides_in_two_namespaces_are_not_paired_where_another_has_the_same_ends() =>
        Assert.All(Linked(
            Rows.Connection("10.0.0.1", 80, "10.0.0.2", 40000, netns: 1),
            Rows.Connection("10.0.0.2", 40000, "10.0.0.1", 80, netns: 2),
            Rows.Connection("10.0.0.2", 40000, "10.0.0.1", 80, netns: 3)), row => Assert.Equal(-1, row.Peer));

    [Fact]
    public void Loopback_does_not_lead_to_another_namespace() =>
        Assert.All(Linked(
            Rows.Connection("127.0.0.1", 80, "127.0.0.2", 40000, netns: 1),
            Rows.Connection("127.0.0.2", 40000, "127.0.0.1", 80, netns: 2),
            Rows.Connection("::1", 80, "::1", 40000, netns: 1),
            Rows.Connection("::1", 40000, "::1", 80, netns: 2)), row => Assert.Equal(-1, row.Peer));

    [Fact]
    public void The_same_namespace_goes_before_another() =>
        Assert.Equal([1, 0, -1], Linked(
            Rows.Connection("10.0.0.1", 80, "10.0.0.1", 40000, netns: 1),
            Rows.Connection("10.0.0.1", 40000, "10.0.0.1", 80, netns: 1),
            Rows.Connection("10.0.0.1", 40000, "10.0.0.1", 80, netns: 2)).Select(row => row.Peer));

    [Fact]
    public void What_is_in_TIME_WAIT_or_connected_to_itself_has_no_other_side() =>
        Assert.All(Linked(
            Rows.Connection("10.0.0.1", 80, "10.0.0.1", 40000).InState(TcpState.TimeWait),
            Rows.Connection("10.0.0.1", 40000, "10.0.0.1", 80),
            Rows.Connection("10.0.0.1", 9, "10.0.0.1", 9)), row => Assert.Equal(-1, row.Peer));

    [Theory]
    [InlineData("10.0.0.1", 0)]
    [InlineData("10.0.0.2", 1)]
    [InlineData("::ffff:10.0.0.1", 3)]
    public void A_connection_came_in_by_the_listener_of_its_address_or_of_all(string local, int listener)
    {
        SocketRow[] rows = Linked(
            Rows.Listener("10.0.0.1", 80),
            Rows.Listener("0.0.0.0", 80),
            Rows.Listener("0.0.0.0", 80, netns: 7),
            Rows.Listener("::", 80),
            Rows.Connection(local, 80, local, 40000),
            Rows.Connection(local, 81, local, 40000));

        Assert.Equal([listener, -1], rows[4..].Select(row => row.Listener));
    }

    /// <summary>Few ends in few namespaces, so that there are many of each.</summary>
    [Fact]
    public void Links_are_those_that_comparing_all_with_all_finds() => Gen.Int[0, int.MaxValue].Array[0, 12].Sample(
        seeds =>
        {
            SocketRow[] rows = [.. seeds.Select(seed => seed % 5 == 0
                ? Rows.Listener(Address(seed / 5), Port(seed / 25), netns: Netns(seed / 50))
                : Rows.Connection(Address(seed / 5), Port(seed / 25), Address(seed / 50), Port(seed / 250), netns: Netns(seed / 500)))];
            SocketRow[] expected = [.. rows];
            for (int i = 0; i < rows.Length; i++)
                Compare(expected, i);

            Linked(rows);

            Assert.Equal(expected.Select(row => (row.Peer, row.Listener)), rows.Select(row => (row.Peer, row.Listener)));
        },
        iter: 20_000);

    /// <summary>Seconds, if each were compared with all that are alike.</summary>
    [Fact]
    public void Many_of_the_same_ends_take_no_longer_than_as_many_others()
    {
        SocketRow[] same = [.. Enumerable.Range(0, 300_000).Select(i => Rows.Connection("10.0.0.1", 80, "10.0.0.2", 40000, netns: (uint)i))];
        SocketRow[] listeners = [.. Enumerable.Range(0, 300_000).Select(i => i % 2 == 0 ? Rows.Listener("10.0.0.2", 80) : Rows.Connection("10.0.0.1", 80, "10.0.0.2", 40000, netns: (uint)i))];

        Assert.All(Linked(same), row => Assert.Equal(-1, row.Peer));
        Assert.All(Linked(listeners), row => Assert.Equal(-1, row.Listener));
    }

    private static string Address(int seed) => ((string[])["10.0.0.1", "10.0.0.2", "127.0.0.1", "0.0.0.0", "::ffff:10.0.0.1"])[seed % 5];

    private static ushort Port(int seed) => (ushort)(80 + seed % 2);

    private static uint Netns(int seed) => (uint)(1 + seed % 2);

    private static void Compare(SocketRow[] rows, int index)
    {
        SocketRow row = rows[index];
        if (row.State == TcpState.Listen)
            return;
        int own = Array.FindIndex(rows, other => Listens(other, row, row.Laddr));
        rows[index].Listener = own >= 0 ? own : Array.FindIndex(rows, other => Listens(other, row, default));

        int[] connections = [.. Enumerable.Range(0, rows.Length).Where(i => rows[i].State != TcpState.Listen)];
        int[] mirrored = [.. connections.Where(i => Ends(rows[i]) == Mirrored(row))], here = [.. mirrored.Where(i => rows[i].Netns == row.Netns)];
        bool isAlone = here.Length == 0 && mirrored.Length == 1 && connections.Count(i => Ends(rows[i]) == Ends(row)) == 1;
        int peer = here.Length == 1 ? here[0] : isAlone && !Ends(row).Local.StartsWith("127.", StringComparison.Ordinal) ? mirrored[0] : -1;
        if (row.Peer < 0 && peer >= 0 && peer != index)
            (rows[index].Peer, rows[peer].Peer) = (peer, index);
    }

    private static bool Listens(SocketRow listener, SocketRow row, Address16 address) =>
        listener.State == TcpState.Listen && (listener.Netns, listener.Lport, listener.Family) == (row.Netns, row.Lport, row.Family)
        && ((ReadOnlySpan<byte>)listener.Laddr).SequenceEqual(address);

    private static (string Local, int Lport, string Remote, int Rport) Ends(SocketRow row) =>
        (AddressText.ToText(EndpointView.Local(in row).Address), row.Lport, AddressText.ToText(EndpointView.Remote(in row).Address), row.Rport);

    private static (string, int, string, int) Mirrored(SocketRow row)
    {
        (string local, int lport, string remote, int rport) = Ends(row);
        return (remote, rport, local, lport);
    }

    private static SocketRow[] Linked(params SocketRow[] rows)
    {
        ConnectionEnds.Link(rows);
        return rows;
    }
}
