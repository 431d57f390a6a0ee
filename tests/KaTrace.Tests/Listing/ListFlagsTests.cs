using System.Text;
using KaTrace.Cli.Listing;
using KaTrace.Events;
using KaTrace.Processes;
using KaTrace.Sockets;
using KaTrace.Tests.Sockets;
using KaTrace.V1;

namespace KaTrace.Tests.Listing;

public sealed class ListFlagsTests
{
    [Theory]
    [InlineData("list -tnpo", "list -t -n")]
    [InlineData("list -ltnp", "list -l -t -n")]
    [InlineData("list -anp 520", "list -anp 520")]
    [InlineData("list -p", "list")]
    [InlineData("list -p -a", "list -a")]
    [InlineData("list -p 520", "list -p 520")]
    [InlineData("list -p520", "list -p520")]
    [InlineData("list -no json", "list -no json")]
    [InlineData("list -o", "list")]
    [InlineData("list -o csv", "list -o csv")]
    [InlineData("list --sort -lport", "list --sort -lport")]
    [InlineData("list -- -tnpo", "list -- -tnpo")]
    [InlineData("stream -p", "stream -p")]
    public void Flags_that_ss_has_and_that_change_nothing_here_are_taken(string typed, string understood) =>
        Assert.Equal(understood, string.Join(' ', SsFlags.Rewrite(typed.Split(' '))));

    [Theory]
    [InlineData("lport", "1 2 3")]
    [InlineData("-lport", "3 2 1")]
    [InlineData("raddr", "2 3 1")]
    [InlineData("silent", "3 2 1")]
    [InlineData("uto", "2 1 3")]
    [InlineData("-uto", "1 2 3")]
    [InlineData("comm", "3 2 1")]
    [InlineData("-comm", "2 3 1")]
    [InlineData("state,-lport", "3 2 1")]
    public void Rows_are_sorted_by_value_and_what_is_unknown_goes_last(string order, string ports)
    {
        SocketRow one = Rows.Connection("10.0.0.5", 1, "11.0.0.1", 9), two = Rows.Connection("10.0.0.5", 2, "9.0.0.1", 9).Held(1), three = Rows.Connection("10.0.0.5", 3, "10.0.0.1", 9).Held();
        (one.Silent, two.Silent, three.Silent) = (30, 20, 10);
        (one.UserTimeout, two.UserTimeout) = (300, 20);
        SocketTable table = Rows.Table([two, three, one], "zebra");
        Cells cells = new(table, ListedText.Identities(table), bare: false, names: null);

        int[] sorted = SortOrder.Sort(ListedText.All(table), table, SortOrder.Parse(order), cells);
        Assert.Equal(ports, string.Join(' ', sorted.Select(index => table.Rows[index].Lport)));
    }

    [Theory]
    [InlineData("""{ "pid": [ 520 ] }""", "1")]
    [InlineData("""{ "comm": [ "z*" ] }""", "2")]
    [InlineData("""{ "comm": [ "z*" ], "pid": [ 520 ] }""", "")]
    [InlineData("""{ "port": [ 9 ] }""", "1 2 3")]
    [InlineData("""{ "localPort": [ 2, 3 ] }""", "2 3")]
    [InlineData("""{ "remotePort": [ 1 ] }""", "")]
    [InlineData("""{ "ip": [ "10.0.0.0/8" ] }""", "1")]
    [InlineData("""{ "ipVersion": [ "IPV6" ] }""", "2")]
    [InlineData("""{ "ipVersion": [ "IPV4" ] }""", "1 3")]
    [InlineData("""{ "netns": [ 7 ] }""", "3")]
    [InlineData("""{ "container": [ "7d3a1c5e9b2f" ] }""", "2")]
    public void Filters_mean_what_they_mean_for_events(string filter, string ports)
    {
        SocketTable table = Rows.Table([Rows.Connection("10.0.0.1", 1, "11.0.0.1", 9).Held(), Rows.Connection("fd00::1", 2, "fd00::2", 9).Held(1), Rows.Connection("::ffff:9.0.0.1", 3, "::ffff:9.0.0.2", 9, netns: 7)], "zebra");
        Filter parsed = Google.Protobuf.JsonParser.Default.Parse<Filter>(filter);
        Assert.Equal(ports, Shown(table, new FilterList { AllowList = { parsed } }));
        string others = string.Join(' ', "123".Where(port => !ports.Contains(port, StringComparison.Ordinal)));
        Assert.Equal(others, Shown(table, new FilterList { DenyList = { parsed } }));
    }

    [Fact]
    public void The_summary_counts_connections_by_process_and_says_what_stands_out()
    {
        SocketRow forgotten = Rows.Connection("10.0.0.1", 1, "11.0.0.1", 9).Held();
        forgotten.Silent = 3601 * Rows.Hz;
        SocketTable table = Rows.Table(
        [
            forgotten,
            Rows.Connection("10.0.0.1", 2, "11.0.0.1", 9).Held().With(SocketFlags.Keepalive),
            Rows.Connection("10.0.0.1", 3, "11.0.0.1", 9).Held(1),
            Rows.Connection("10.0.0.1", 4, "11.0.0.1", 9).Held(1),
            Rows.Connection("10.0.0.1", 4, "11.0.0.1", 9).Held(1),
            Rows.Listener("::", 80),
            Rows.Connection("10.0.0.1", 5, "11.0.0.1", 9).InState(TcpState.TimeWait),
        ], "z\x1b");
        Assert.Equal(
            """
            * by sysctl of the network namespace, not set on the socket
            7 sockets: 5 connections; keepalive on 1, off 4; 1 listening
            by process: z\x1b[521] 3 (3 off), redis-server[520] 2 (1 off)
            redis-server[520]: 1 connection without keepalive or user timeout silent for more than 1 h: if these peers are gone, nothing will notice
            """, new ListSummary(table, ListedText.All(table)).Text, ignoreLineEndingDifferences: true);
    }

    [Fact]
    public void A_connection_with_both_sides_here_is_counted_once_where_both_are_shown()
    {
        SocketRow client = Rows.Connection("127.0.0.1", 1, "127.0.0.1", 9).Held(), server = Rows.Connection("127.0.0.1", 9, "127.0.0.1", 1).Held();
        (client.Peer, server.Peer) = (1, 0);
        SocketTable table = Rows.Table([client, server, Rows.Connection("10.0.0.1", 2, "11.0.0.1", 9).Held()]);
        Assert.Contains("3 sockets: 2 connections, 1 with both sides here;", new ListSummary(table, [0, 1, 2]).Text, StringComparison.Ordinal);
        Assert.Contains("2 sockets: 2 connections;", new ListSummary(table, [0, 2]).Text, StringComparison.Ordinal);
    }

    private static string Shown(SocketTable table, FilterList filters)
    {
        SocketFilter filter = new(filters, table, () => [.. table.Processes.Select(Identify)]);
        return string.Join(' ', table.Rows.ToArray().Where(row => filter.Matches(in row)).Select(row => row.Lport));
    }

    /// <summary>All but the first run in a container.</summary>
    private static ProcessIdentity Identify(SocketProcess process, int index) => new(process.Key, Encoding.UTF8.GetBytes(process.Comm), new ProcessDetails
    {
        Key = process.Key,
        Comm = process.Comm,
        Container = index == 0 ? null : Sample.Shop.Details!.Container,
    });
}
