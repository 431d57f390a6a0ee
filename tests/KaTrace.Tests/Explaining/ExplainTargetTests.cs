using KaTrace.Events;
using KaTrace.Explaining;
using KaTrace.Tests.Sockets;

namespace KaTrace.Tests.Explaining;

/// <summary>What a target names.</summary>
public sealed class ExplainTargetTests
{
    private readonly MadeUpHost _host = new();
    private readonly int _listener;
    private readonly int _server;
    private readonly int _client;

    public ExplainTargetTests()
    {
        _listener = _host.Listen(_host.Process(6379, "redis-server"), "0.0.0.0:6379", (ref row) => row.Ino = 40_000);
        _server = _host.Accept(_listener, "10.0.0.5:40000");
        _client = _host.Connect(_host.Process(600, "python3"), "10.0.0.5:40000", "10.0.0.5:6379");
        _host.Join(_server, _client);
    }

    [Fact]
    public void A_port_of_this_host_names_the_sockets_that_have_it_and_not_those_that_talk_to_it() =>
        Assert.Equal([_listener, _server], Find("port:6379").Rows);

    [Fact]
    public void A_loopback_pair_is_one_connection_named_by_the_client_s_port() => Assert.Equal([_client], Find("40000").Rows);

    [Fact]
    public void A_port_of_another_host_names_the_sockets_that_talk_to_it()
    {
        int remote = _host.Connect(null, "10.0.0.5:41000", "10.0.0.9:5432");
        Assert.Equal([remote], Find(":5432").Rows);
    }

    [Fact]
    public void A_number_is_a_port_before_a_process_before_an_inode_and_what_else_it_names_is_told()
    {
        Assert.Equal((TargetKind.Port, TargetKind.Pid), (Find("6379").Kind, Assert.Single(Find("6379").Others)));
        Assert.Equal((TargetKind.Port, TargetKind.Inode), (Find("40000").Kind, Assert.Single(Find("40000").Others)));
        Assert.Equal(TargetKind.Pid, Find("600").Kind);
        Assert.Equal(["6379 is taken for a port; it names sockets as pid:6379, too"], ExplainTarget.Parse("6379").Choices(Find("6379")));
        Assert.Empty(ExplainTarget.Parse("600").Choices(Find("600")));
    }

    [Fact]
    public void A_prefix_says_which_it_is()
    {
        Assert.Equal([_listener, _server], Find("pid:6379").Rows);
        Assert.Equal([_listener], Find("inode:40000").Rows);
        Assert.Equal([_client], Find($"cookie:{_client + 1}").Rows);
        Assert.Equal("40000", ExplainTarget.Parse("inode:40000").Name);
    }

    [Theory]
    [InlineData("10.0.0.5:40000")]
    [InlineData("[::ffff:10.0.0.5]:40000")] // the same address
    public void An_address_with_a_port_names_the_side_that_has_it(string target) => Assert.Equal([_client], Find(target).Rows);

    [Fact]
    public void An_IPv6_address_stands_in_brackets()
    {
        int socket = _host.Connect(null, "[fd00::5]:41000", "[fd00::9]:5432");
        Assert.Equal([socket], Find("[fd00::9]:5432").Rows);
    }

    [Fact]
    public void What_is_not_there_names_nothing() => Assert.Empty(Find("1").Rows);

    [Theory]
    [InlineData("redis")]
    [InlineData("")]
    [InlineData("port:70000")]
    [InlineData("pid:x")]
    [InlineData("inode:0")]
    [InlineData("0")]
    [InlineData("fd00::9:5432")]
    [InlineData("10.0.0.5")]
    [InlineData("10.0.0.5:")]
    public void A_target_that_is_none_is_told_with_what_would_be_one(string target) =>
        Assert.Contains("write a port, a process id, a socket inode, or ADDRESS:PORT", Assert.Throws<FormatException>(() => ExplainTarget.Parse(target)).Message, StringComparison.Ordinal);

    private TargetMatch Find(string target) => ExplainTarget.Parse(target).Find(_host.Table);
}
