using KaTrace.Audit;
using KaTrace.Audit.Rules;
using KaTrace.Sockets;
using KaTrace.Tests.Sockets;

namespace KaTrace.Tests.Audit;

/// <summary>Which connections <c>--path-timeout</c> speaks of.</summary>
public sealed class PathRuleTests
{
    private static readonly Dictionary<string, TimeSpan> NoOverrides = [];

    private readonly MadeUpHost _host = new();

    [Theory]
    [InlineData("350s", "10.0.0.9:5000", true)]
    [InlineData("350s", "127.0.0.1:5000", false)] // never leaves this host
    [InlineData("127.0.0.0/8=350s", "127.0.0.1:5000", true)] // unless it is asked for
    [InlineData("10.0.0.0/8=350s", "10.0.0.9:5000", true)]
    [InlineData("10.0.0.0/8=350s", "192.168.0.9:5000", false)]
    [InlineData(":5000=350s", "10.0.0.9:5000", true)]
    [InlineData(":40000=350s", "10.0.0.9:5000", true)] // the local port
    [InlineData(":5001=350s", "10.0.0.9:5000", false)]
    [InlineData("10.0.0.0/8:5000=aws-nlb", "10.0.0.9:5000", true)]
    [InlineData("10.0.0.0/8:5001=aws-nlb", "10.0.0.9:5000", false)]
    [InlineData("dev:lo=350s", "10.0.0.9:5000", false)]
    public void A_connection_to_the_remote_end_is_covered(string path, string remote, bool isCovered)
    {
        _host.Connect(null, "10.0.0.5:40000", remote);
        Assert.Equal(isCovered, Covers(path));
    }

    [Theory]
    [InlineData("[fd00::/8]:5000=350s", true)]
    [InlineData("[fd00::9]:5001=350s", false)]
    [InlineData("fd00::/8=350s", true)]
    [InlineData("fe80::/10=350s", false)]
    public void IPv6_has_a_port_only_in_brackets(string path, bool isCovered)
    {
        _host.Connect(null, "[fd00::5]:40000", "[fd00::9]:5000");
        Assert.Equal(isCovered, Covers(path));
    }

    [Fact]
    public void An_interface_covers_what_has_one_of_its_addresses_and_leaves_this_host()
    {
        _host.Connect(null, "127.0.0.1:40000", "10.0.0.9:5000");
        Assert.True(Covers("dev:lo=350s"));
    }

    [Fact]
    public void A_connection_whose_other_side_is_on_this_host_takes_no_path()
    {
        int one = _host.Connect(null, "10.0.0.5:40000", "10.0.0.6:5000");
        _host.Join(one, _host.Connect(null, "10.0.0.6:5000", "10.0.0.5:40000"));
        Assert.False(Covers("350s"));
    }

    [Fact]
    public void The_shortest_of_several_limits_counts()
    {
        _host.Connect(null, "10.0.0.5:40000", "10.0.0.9:5000");
        AuditScope scope = Audited.Scope(_host, Audited.Over("20m", ":5000=azure-lb", "aws-nlb"));
        Assert.Equal("azure-lb", scope.PathOf(in scope.Table.Rows[0])!.Name);
    }

    [Fact]
    public void A_preset_takes_another_time_where_the_configuration_has_one()
    {
        PathRule rule = PathRule.Parse("aws-nlb", new Dictionary<string, TimeSpan> { ["aws-nlb"] = TimeSpan.FromHours(1) });
        Assert.Equal((TimeSpan.FromHours(1), null), (rule.Limit.Timeout, rule.Limit.AsOf));
    }

    [Theory]
    [InlineData("aws", "'aws' is neither a time nor one of aws-nlb, ")]
    [InlineData("", "'' is neither a time nor one of ")]
    [InlineData("=350s", "nothing stands before '='")]
    [InlineData(":0=350s", "'0' is no port")]
    [InlineData("10.0.0.0/33=350s", "prefix length")]
    [InlineData("dev:nowhere0=350s", "there is no interface 'nowhere0'")]
    [InlineData("350", "bad duration '350'")]
    [InlineData("0s", "longer than 0 s")]
    [InlineData("[fd00::1=350s", "']' is missing")]
    public void What_is_wrong_with_a_path_is_one_sentence(string path, string says) =>
        Assert.Contains(says, Assert.Throws<FormatException>(() => PathRule.Parse(path, NoOverrides)).Message, StringComparison.Ordinal);

    [Fact]
    public void Every_preset_says_where_it_is_documented_and_since_when_it_holds_if_that_is_known()
    {
        Assert.Equal(["aws-nat", "aws-nitro-v6", "aws-nlb", "azure-lb", "cloudflare", "gcp-nat", "gcp-vpc"], PathPresets.All.Select(p => p.Name).Order(StringComparer.Ordinal));
        Assert.All(PathPresets.All, preset =>
        {
            Assert.Matches("^20[0-9][0-9]-[01][0-9]$", preset.AsOf ?? "2026-11");
            Assert.StartsWith("https://", preset.Source, StringComparison.Ordinal);
            Assert.True(preset.Timeout >= TimeSpan.FromMinutes(1));
        });
    }

    [Theory]
    [InlineData("aws-nlb", "350 s (aws-nlb: AWS Network Load Balancer", ", as of 2024-09)")]
    [InlineData("aws-nat", "350 s (aws-nat: AWS NAT gateway", ", date unknown)")] // its page bears none
    [InlineData("350s", "350 s (", "as given)")]
    public void What_is_known_of_a_path_is_told_with_its_date(string path, string begins, string ends)
    {
        string text = PathText.Of(PathRule.Parse(path, NoOverrides).Limit);
        Assert.StartsWith(begins, text, StringComparison.Ordinal);
        Assert.EndsWith(ends, text, StringComparison.Ordinal);
    }

    private bool Covers(string path)
    {
        SocketTable table = _host.Table;
        return PathRule.Parse(path, NoOverrides).Covers(in table.Rows[0]);
    }
}
