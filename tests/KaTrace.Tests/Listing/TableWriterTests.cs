using KaTrace.Events;
using KaTrace.Sockets;
using KaTrace.Tests.Sockets;

namespace KaTrace.Tests.Listing;

public sealed class TableWriterTests
{
    private static readonly SocketTable Table = Rows.Table(
    [
        Rows.Connection("10.0.0.5", 51812, "192.168.100.200", 5432).Held().With(SocketFlags.Keepalive),
        Rows.Connection("10.0.0.5", 6379, "10.0.0.9", 40000).Held(1),
    ], "Wörk");

    [Fact]
    public void Columns_are_as_wide_as_their_widest_cell_and_numbers_stand_to_the_right() => Assert.Equal(
        """
        STATE       LADDR    LPORT RADDR           RPORT KA   IDLE INTVL CNT UTO NEXT UNANS SILENT PEER PID COMM
        ESTABLISHED 10.0.0.5 51812 192.168.100.200  5432 on  7200*   75*  9*   -    -     0     5s -    520 redis-server
        ESTABLISHED 10.0.0.5  6379 10.0.0.9        40000 off 7200*   75*  9*   -    -     -     5s -    521 Wörk

        """, ListedText.Table(Table), ignoreLineEndingDifferences: true);

    [Theory]
    [InlineData(112, "STATE LADDR LPORT RADDR RPORT KA IDLE INTVL CNT UTO NEXT UNANS SILENT PEER PID COMM")]
    [InlineData(111, "STATE LADDR LPORT RADDR RPORT KA IDLE INTVL CNT NEXT UNANS SILENT PEER PID COMM")]
    [InlineData(88, "STATE LADDR LPORT RADDR RPORT KA IDLE UNANS SILENT PID COMM")]
    [InlineData(1, "LADDR LPORT RADDR RPORT KA PID COMM")]
    public void A_narrow_terminal_loses_first_what_says_nothing_and_then_what_matters_least(int width, string headings)
    {
        string first = ListedText.Table(Table, width: width).Split('\n')[0];
        Assert.Equal(headings, string.Join(' ', first.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
    }

    [Fact]
    public void The_last_column_is_cut_at_the_edge_of_the_terminal()
    {
        SocketTable table = Rows.Table([Rows.Connection("10.0.0.5", 1, "10.0.0.6", 2).Held(1)], "ööööööööööööööö");
        Assert.All(ListedText.Table(table, "lport,command", width: 12).TrimEnd('\n').Split('\n'), line => Assert.InRange(line.Length, 1, 13));
    }

    [Fact]
    public void Headings_stand_also_above_nothing() =>
        Assert.Equal("KA PID\n", ListedText.Table(Rows.Table([]), "ka,pid"));

    [Fact]
    public void CSV_has_bare_numbers_and_quotes_what_needs_it()
    {
        SocketRow row = Rows.Connection("10.0.0.5", 51812, "10.0.0.9", 5432).Held(1).With(SocketFlags.Keepalive | SocketFlags.Next);
        (row.Next, row.UserTimeout) = (375, 2500);
        Assert.Equal("IDLE,NEXT,SILENT,UTO,PID,COMM\r\n7200,1.5,5,2.5,521,\"a,\"\"b\"\"\"\r\n", ListedText.Csv(Rows.Table([row], "a,\"b\""), "idle,next,silent,uto,pid,comm"));
    }
}
