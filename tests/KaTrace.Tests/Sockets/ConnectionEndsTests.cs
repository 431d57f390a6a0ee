using KaTrace.Events;
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

    private static SocketRow[] Linked(params SocketRow[] rows)
    {
        ConnectionEnds.Link(rows);
        return rows;
    }
}
