using KaTrace.Events;
using KaTrace.Sockets;
using KaTrace.Tests.Sockets;

namespace KaTrace.Tests.Listing;

/// <summary>What stands in each column, and that "-" stands where nothing is known.</summary>
public sealed class CellTests
{
    private static readonly SocketRow Plain = Rows.Connection("10.0.0.5", 51812, "10.0.0.9", 5432);

    [Fact]
    public void KA_says_on_off_and_what_a_listener_hands_on()
    {
        Assert.Equal("off", ListedText.Cell("ka", Plain));
        Assert.Equal("on", ListedText.Cell("ka", Plain.With(SocketFlags.Keepalive)));
        Assert.Equal("off", ListedText.Cell("ka", Rows.Listener("::", 80)));
        Assert.Equal("listen:on", ListedText.Cell("ka", Rows.Listener("::", 80).With(SocketFlags.Keepalive)));
        Assert.Equal("-", ListedText.Cell("ka", Plain.InState(TcpState.TimeWait)));
        Assert.Equal("-", ListedText.Cell("ka", Plain.InState(TcpState.NewSynRecv)));
    }

    [Fact]
    public void A_star_marks_what_is_the_sysctls()
    {
        SocketRow own = Plain;
        own.Own = KeepaliveSettings.Idle | KeepaliveSettings.Cnt;
        Assert.Equal("7200*", ListedText.Cell("idle", Plain));
        Assert.Equal("7200", ListedText.Cell("idle", own));
        Assert.Equal("75*", ListedText.Cell("intvl", own));
        Assert.Equal("9", ListedText.Cell("cnt", own));
        Assert.Equal("idle+cnt", ListedText.Cell("origin", own));
        Assert.Equal("sysctl", ListedText.Cell("origin", Plain));
        Assert.Equal("-", ListedText.Cell("idle", Plain.InState(TcpState.TimeWait)));
    }

    [Fact]
    public void NEXT_is_of_keepalive_alone()
    {
        SocketRow pending = Plain.With(SocketFlags.Next);
        pending.Next = 7199 * (int)Rows.Hz;
        Assert.Equal("-", ListedText.Cell("next", pending));
        pending = pending.With(SocketFlags.Keepalive);
        Assert.Equal("1h59m", ListedText.Cell("next", pending));
        Assert.Equal("-", ListedText.Cell("next", pending.InState(TcpState.FinWait2).With(SocketFlags.Orphan)));
        Assert.Equal("1h59m", ListedText.Cell("next", pending.InState(TcpState.FinWait2)));
        pending.Next = -3;
        Assert.Equal("0ms", ListedText.Cell("next", pending));
    }

    [Fact]
    public void UNANS_is_known_where_keepalive_probes()
    {
        SocketRow probing = Plain.With(SocketFlags.Keepalive);
        probing.ProbesOut = 3;
        Assert.Equal("3", ListedText.Cell("unans", probing));
        SocketRow off = Plain;
        off.ProbesOut = 3;
        Assert.Equal("-", ListedText.Cell("unans", off));
        SocketRow window = probing.With(SocketFlags.OtherTimer);
        window.OtherTimer = ShownTimer.ZeroWindow; // the count is of zero-window probes
        Assert.Equal("-", ListedText.Cell("unans", window));
    }

    [Fact]
    public void TIMER_is_what_ss_shows_whatever_else_runs()
    {
        SocketRow row = Plain.With(SocketFlags.Keepalive | SocketFlags.Next);
        row.Next = 119 * (int)Rows.Hz;
        row.ProbesOut = 1;
        Assert.Equal("keepalive,1min59sec,1", ListedText.Cell("timer", row));
        row.Next = 7199 * (int)Rows.Hz;
        Assert.Equal("keepalive,119min,1", ListedText.Cell("timer", row));
        row = row.With(SocketFlags.OtherTimer);
        (row.OtherTimer, row.OtherTimerNext, row.Retransmits) = (1, 51, 2);
        Assert.Equal("on,204ms,2", ListedText.Cell("timer", row));
        row.OtherTimer = ShownTimer.ZeroWindow;
        row.OtherTimerNext = 301;
        Assert.Equal("persist,1.204sec,1", ListedText.Cell("timer", row));
        row.OtherTimerNext = 59 * (int)Rows.Hz;
        Assert.Equal("timewait,59sec,0", ListedText.Cell("timer", row.InState(TcpState.TimeWait)));
        Assert.Equal("-", ListedText.Cell("timer", Plain));
    }

    [Fact]
    public void Who_has_it_is_said_where_no_process_does()
    {
        Assert.Equal("-", ListedText.Cell("comm", Plain));
        Assert.Equal("orphan", ListedText.Cell("comm", Plain.With(SocketFlags.Orphan)));
        Assert.Equal("unaccepted", ListedText.Cell("comm", Plain.With(SocketFlags.Unaccepted)));
        Assert.Equal("kernel", ListedText.Cell("comm", Plain.With(SocketFlags.Kernel)));
        Assert.Equal("time-wait", ListedText.Cell("comm", Plain.InState(TcpState.TimeWait)));
        Assert.Equal("-", ListedText.Cell("pid", Plain));
        Assert.Equal("redis-server", ListedText.Cell("comm", Plain.Held()));
        Assert.Equal("520", ListedText.Cell("pid", Plain.Held()));
        Assert.Equal("520+1", ListedText.Cell("pid", Plain.Held(0, 2), "other"));
        Assert.Equal("10", ListedText.Cell("fd", Plain.Held()));
        Assert.Equal("command of 520", ListedText.Cell("command", Plain.Held()));
    }

    [Fact]
    public void Names_are_safe_for_a_terminal() =>
        Assert.Equal(@"\x1b[31mred", ListedText.Cell("comm", Plain.Held(1), "\x1b[31mred"));

    [Fact]
    public void PEER_names_the_other_side_and_whether_keepalive_is_on_there()
    {
        SocketRow client = Plain, server = Rows.Connection("10.0.0.9", 5432, "10.0.0.5", 51812).Held().With(SocketFlags.Keepalive);
        (client.Peer, server.Peer) = (1, 0);

        Assert.Equal(["PEER", "redis-server[520]:on", "-:off", ""], ListedText.Table(Rows.Table([client, server]), "peer").Split('\n'));
    }

    [Theory]
    [InlineData("::ffff:10.0.0.7", "10.0.0.7")]
    [InlineData("fd00::1", "fd00::1")]
    public void Addresses_are_as_they_were_spoken(string address, string shown) =>
        Assert.Equal(shown, ListedText.Cell("laddr", Rows.Connection(address, 1, address, 2)));

    [Fact]
    public void What_is_bound_to_all_addresses_or_to_nothing_is_told_apart()
    {
        Assert.Equal("0.0.0.0", ListedText.Cell("laddr", Rows.Listener("0.0.0.0", 80)));
        Assert.Equal("::", ListedText.Cell("laddr", Rows.Listener("::", 80)));
        Assert.Equal("-", ListedText.Cell("raddr", Rows.Listener("::", 80)));
        Assert.Equal("-", ListedText.Cell("rport", Rows.Listener("::", 80)));
    }

    [Theory]
    [InlineData(1, "4ms")]
    [InlineData(1_150, "4.6s")]
    [InlineData(59 * 250, "59s")]
    [InlineData(200 * 250, "3m20s")]
    [InlineData(3600 * 250, "1h")]
    [InlineData(100_000 * 250, "1d3h")]
    public void SILENT_has_the_two_largest_units(uint jiffies, string shown)
    {
        SocketRow row = Plain;
        row.Silent = jiffies;
        Assert.Equal(shown, ListedText.Cell("silent", row));
    }
}
