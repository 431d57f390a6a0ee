using KaTrace.Events;
using KaTrace.Explaining;
using KaTrace.Filters;
using KaTrace.Output;
using KaTrace.Sockets;
using KaTrace.Tests.Sockets;
using KaTrace.V1;

namespace KaTrace.Tests.Explaining;

/// <summary>Which events are of a socket: by its cookie, where both have one, else by its inode, else by its ends.</summary>
public sealed class SocketEventsTests
{
    private static readonly SocketRow Row = Rows.Connection("10.0.0.5", 6379, "10.0.0.9", 51812) with { Cookie = 12, Ino = 34567 };

    [Theory]
    [InlineData(12, 34567, true)]
    [InlineData(12, 0, true)] // nobody had taken it yet
    [InlineData(0, 34567, true)] // the kernel had not named it yet
    [InlineData(0, 0, true)]
    [InlineData(13, 34567, false)] // the inode was another socket's before
    [InlineData(0, 34568, false)]
    public void Of_a_connection(ulong cookie, ulong inode, bool isOf) =>
        Assert.Equal((isOf, true), Is(Sample.Probe with { Cookie = cookie, Ino = inode }, Row, shown: isOf));

    [Fact]
    public void Settings_from_before_the_connection_are_told_by_the_inode() =>
        Assert.Equal((true, true), Is(Sample.Enabled with { Cookie = 0, Laddr = default, Raddr = default, Lport = 0, Rport = 0 }, Row, shown: true));

    [Fact]
    public void Another_namespace_has_the_same_ends_and_another_socket() =>
        Assert.False(Is(Sample.Probe with { Cookie = 0, Ino = 0, Netns = 7 }, Row, shown: false).IsOf);

    [Fact]
    public void Other_ends_are_another_connection() =>
        Assert.False(Is(Sample.Probe with { Cookie = 0, Ino = 0, Raddr = RawEvent.Address("10.0.0.8") }, Row, shown: false).IsOf);

    [Fact]
    public void A_listener_is_not_told_by_its_port_which_its_connections_have_too()
    {
        SocketRow listener = Rows.Listener("0.0.0.0", 6379) with { Cookie = 0, Ino = 0 };

        Assert.Empty(SocketEvents.FilterOf(in listener).AllowList);
        Assert.False(Is(Sample.Probe with { Cookie = 0, Ino = 0 }, listener, shown: true).IsOf);
    }

    [Fact]
    public void The_last_ones_come_with_the_notices_of_loss_among_them()
    {
        Event Lost(ulong sequence) => EventMessage.Lost(V1.Lost.Types.Place.KernelRing, 5, 0, sequence, Sample.Clock, "");
        Event[] events = [Lost(1), Of(Sample.Probe, 2), Lost(3), Of(Sample.Probe with { Cookie = 99 }, 4), Of(Sample.Probe, 5), Lost(6)];

        Assert.Equal([2ul, 3, 5, 6], SocketEvents.Last(events, in Row, 2).Select(e => e.Sequence));
        Assert.Equal([5ul, 6], SocketEvents.Last(events, in Row, 1).Select(e => e.Sequence));
    }

    private static Event Of(RawEvent raw, ulong sequence = 1)
    {
        EventRecord record = raw.ToRecord();
        return EventMessage.From(in record, Sample.Redis, sequence, Sample.Clock, "node-1");
    }

    /// <returns>Whether it is of the socket; and whether the filter shows it, if it must.</returns>
    private static (bool IsOf, bool Shown) Is(RawEvent raw, SocketRow row, bool shown)
    {
        EventRecord record = raw.ToRecord();
        return (SocketEvents.IsOf(Of(raw), in row), !shown || EventFilter.Compile(SocketEvents.FilterOf(in row)).Matches(in record, Sample.Redis));
    }
}
