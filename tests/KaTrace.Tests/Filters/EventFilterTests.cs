using Google.Protobuf;
using KaTrace.Events;
using KaTrace.Filters;
using KaTrace.Processes;
using KaTrace.V1;

namespace KaTrace.Tests.Filters;

public sealed class EventFilterTests
{
    private static readonly ProcessIdentity Postgres = new(new ProcessKey(77, 1), "postgres"u8, null);

    [Fact]
    public void Without_filters_everything_is_shown() => Assert.True(Matches("{}", Sample.Probe));

    [Theory]
    [InlineData("""{"kind":["PROBE"]}""", true)]
    [InlineData("""{"kind":["TIMEOUT","CLOSED"]}""", false)]
    [InlineData("""{"kind":["TIMEOUT","PROBE"]}""", true)]
    [InlineData("""{"pid":[520]}""", true)]
    [InlineData("""{"pid":[521,519]}""", false)]
    [InlineData("""{"comm":["redis-server"]}""", true)]
    [InlineData("""{"comm":["redis"]}""", false)]
    [InlineData("""{"comm":["nginx","redis*"]}""", true)]
    [InlineData("""{"port":[6379]}""", true)]
    [InlineData("""{"port":[51812]}""", true)]
    [InlineData("""{"port":[80]}""", false)]
    [InlineData("""{"localPort":[6379]}""", true)]
    [InlineData("""{"localPort":[51812]}""", false)]
    [InlineData("""{"remotePort":[51812]}""", true)]
    [InlineData("""{"remotePort":[6379]}""", false)]
    [InlineData("""{"netns":[4026531840]}""", true)]
    [InlineData("""{"netns":[1]}""", false)]
    [InlineData("""{"cgroupId":["4567"]}""", true)]
    [InlineData("""{"cgroupId":["1"]}""", false)]
    [InlineData("""{"cookie":["12"]}""", true)]
    [InlineData("""{"cookie":["34567"]}""", false)]
    [InlineData("""{"inode":["1","34567"]}""", true)]
    [InlineData("""{"inode":["12"]}""", false)]
    [InlineData("""{"minUnanswered":2}""", true)]
    [InlineData("""{"minUnanswered":3}""", false)]
    [InlineData("""{"ipVersion":["IPV4"]}""", true)]
    [InlineData("""{"ipVersion":["IPV6"]}""", false)]
    [InlineData("""{"ipVersion":["IPV4","IPV6"]}""", true)]
    [InlineData("""{"kind":["PROBE"],"localPort":[6379],"pid":[520],"ip":["10.0.0.9"]}""", true)]
    [InlineData("""{"kind":["PROBE"],"localPort":[6379],"pid":[1],"ip":["10.0.0.9"]}""", false)]
    [InlineData("{}", true)]
    public void Values_of_a_field_are_alternatives_and_all_fields_must_hold(string filter, bool shown) =>
        Assert.Equal(shown, Matches($$"""{"allowList":[{{filter}}]}""", Sample.Probe));

    [Theory]
    [InlineData("10.0.0.9", true)]
    [InlineData("10.0.0.5", true)]
    [InlineData("10.0.0.6", false)]
    [InlineData("10.0.0.0/8", true)]
    [InlineData("10.255.0.1/8", true)]
    [InlineData("10.0.0.8/30", true)]
    [InlineData("10.0.0.10/31", false)]
    [InlineData("0.0.0.0/0", true)]
    [InlineData("::ffff:10.0.0.9", true)]
    [InlineData("::ffff:10.0.0.0/104", true)]
    [InlineData("::/0", false)]
    [InlineData("::ffff:0:0/95", false)]
    public void An_address_or_CIDR_matches_either_end_over_IPv4(string ip, bool shown)
    {
        Assert.Equal(shown, MatchesIp(ip, Sample.Probe));
        Assert.Equal(shown, MatchesIp(ip, Sample.Probe.OverMappedIPv4()));
    }

    [Theory]
    [InlineData("2001:db8::9", true)]
    [InlineData("2001:db8::/32", true)]
    [InlineData("2001:db8::8/127", true)]
    [InlineData("2001:db9::/32", false)]
    [InlineData("::/0", true)]
    [InlineData("0.0.0.0/0", false)]
    public void An_address_or_CIDR_matches_either_end_over_IPv6(string ip, bool shown) =>
        Assert.Equal(shown, MatchesIp(ip, Sample.Probe.OverIPv6()));

    [Fact]
    public void An_end_that_is_not_bound_has_no_address() =>
        Assert.False(MatchesIp("0.0.0.0/0", Sample.Probe with { Laddr = default, Raddr = default, Lport = 0, Rport = 0 }));

    [Fact]
    public void A_mapped_address_is_IPv4() =>
        Assert.True(Matches("""{"allowList":[{"ipVersion":["IPV4"]}],"denyList":[{"ipVersion":["IPV6"]}]}""", Sample.Probe.OverMappedIPv4()));

    [Fact]
    public void Filters_of_the_allow_list_are_alternatives() =>
        Assert.True(Matches("""{"allowList":[{"port":[80]},{"pid":[520]}]}""", Sample.Probe));

    [Fact]
    public void The_deny_list_wins() =>
        Assert.False(Matches("""{"allowList":[{"port":[6379]}],"denyList":[{"kind":["PROBE"]}]}""", Sample.Probe));

    [Fact]
    public void Each_denied_filter_hides_on_its_own() =>
        Assert.False(Matches("""{"denyList":[{"port":[80]},{"pid":[520]}]}""", Sample.Probe));

    [Fact]
    public void An_unknown_owner_matches_no_process_neither_to_show_nor_to_hide()
    {
        EventRecord record = Sample.Probe.ToRecord();
        Assert.False(Filter("""{"allowList":[{"pid":[0,520]}]}""").Matches(in record, null));
        Assert.False(Filter("""{"allowList":[{"comm":["*"]}]}""").Matches(in record, null));
        Assert.True(Filter("""{"denyList":[{"pid":[0,520]},{"comm":["*"]}]}""").Matches(in record, null));
    }

    [Fact]
    public void The_process_is_the_resolved_one()
    {
        EventRecord record = Sample.Probe.ToRecord();
        Assert.True(Filter("""{"allowList":[{"pid":[77],"comm":["post????"]}]}""").Matches(in record, Postgres));
    }

    [Theory]
    [InlineData("7d3a1c5e9b2f4a6081c3d5e7f9a0b2c4d6e8f0a1b3c5d7e9f1a2b4c6d8e0f2a4", true)]
    [InlineData("7d3a1c5e9b2f", true)]
    [InlineData("7", true)]
    [InlineData("3a1c5e9b2f", false)]
    public void A_container_is_that_of_the_owner_by_its_id_or_how_that_begins(string container, bool shown)
    {
        EventRecord record = Sample.Probe.ToRecord();
        string list = $$"""[{"container":["0000","{{container}}"]}]""";

        Assert.Equal(shown, Filter($$"""{"allowList":{{list}}}""").Matches(in record, Sample.Shop));
        Assert.Equal(!shown, Filter($$"""{"denyList":{{list}}}""").Matches(in record, Sample.Shop));
    }

    [Fact]
    public void An_unknown_container_matches_none_neither_to_show_nor_to_hide()
    {
        EventRecord record = Sample.Probe.ToRecord();
        foreach (ProcessIdentity? process in (ProcessIdentity?[])[null, Postgres, Sample.Redis])
        {
            Assert.False(Filter("""{"allowList":[{"container":["7"]}]}""").Matches(in record, process));
            Assert.True(Filter("""{"denyList":[{"container":["7"]}]}""").Matches(in record, process));
        }
    }

    /// <summary>By <see cref="AddressRange"/>, one after the other.</summary>
    [Fact]
    public void Many_addresses_match_what_each_of_them_matches()
    {
        string[] ranges = ["10.0.0.0/8", "10.0.0.9", "0.0.0.0/0", "192.168.1.0/24", "2001:db8::/32", "2001:db8::9", "::/0", "fe80::/10"];
        foreach (RawEvent raw in (RawEvent[])[Sample.Probe, Sample.Probe with { Laddr = RawEvent.Address("203.0.113.9"), Raddr = RawEvent.Address("203.0.113.10") }, Sample.Probe.OverIPv6(), Sample.Probe.OverMappedIPv4()])
        {
            for (int set = 1; set < 1 << ranges.Length; set++)
            {
                string[] some = [.. ranges.Where((_, i) => (set >> i & 1) != 0)];
                string list = string.Join(',', some.Select(ip => $"\"{ip}\""));
                EventRecord record = raw.ToRecord();
                bool any = some.Select(AddressRange.Parse).Any(range => range.Contains(EndpointView.Local(in record).Address) || range.Contains(EndpointView.Remote(in record).Address));
                Assert.Equal(any, Matches($$"""{"allowList":[{"ip":[{{list}}]}]}""", raw));
            }
        }
    }

    [Theory]
    [InlineData("""{"allowList":[{"pid":[1]},{"pid":[2]},N]}""", "bad filters: 10,002 are too many; 256 are possible, each with any number of values")]
    [InlineData("""{"allowList":[{"comm":["redis*",N]}]}""", "bad filters: 10,001 names with * or ? are too many; 256 are possible, and any number of others")]
    [InlineData("""{"allowList":[{"comm":["L"]}]}""", "bad name '****************…': it has 10,000 bytes, and no name of a process is as long")]
    public void What_would_be_asked_one_after_the_other_for_every_event_is_bounded(string filters, string message)
    {
        string element = filters.Contains("\"redis*\",N", StringComparison.Ordinal) ? "\"a*b\"" : """{"pid":[3]}""";
        string text = filters.Replace("\"L\"", $"\"{new string('*', 10_000)}\"", StringComparison.Ordinal).Replace("N]", $"{string.Join(',', Enumerable.Repeat(element, 10_000))}]", StringComparison.Ordinal);

        Assert.Equal(message, Assert.Throws<FilterException>(() => Filter(text)).Message);
    }

    [Fact]
    public void Ten_thousand_plain_values_are_looked_up()
    {
        string Many(string redis) => $$"""{"allowList":[{"comm":[{{redis}}{{string.Join(',', Enumerable.Range(0, 10_000).Select(i => $"\"name{i}\""))}}]}]}""";

        Assert.True(Matches(Many("\"redis-server\","), Sample.Probe));
        Assert.False(Matches(Many(""), Sample.Probe));
    }

    [Theory]
    [InlineData("""{"allowList":[{"kind":["PROBE"]}]}""", true)]
    [InlineData("""{"denyList":[{"kind":["PROBE"]}]}""", true)]
    [InlineData("""{"denyList":[{"kind":["LOST"]}]}""", false)]
    [InlineData("""{"denyList":[{"kind":["LOST"],"port":[80]}]}""", true)]
    public void Notices_of_loss_pass_unless_denied_by_kind_alone(string filters, bool shown) =>
        Assert.Equal(shown, Filter(filters).ShowsLost);

    [Theory]
    [InlineData("""{"ip":["10.0.0.0/33"]}""", "bad address '10.0.0.0/33': the prefix length of an IPv4 address is 0 to 32")]
    [InlineData("""{"ip":["fe80::/129"]}""", "bad address 'fe80::/129': the prefix length of an IPv6 address is 0 to 128")]
    [InlineData("""{"ip":["10.0.0.0/-1"]}""", "bad address '10.0.0.0/-1': the prefix length of an IPv4 address is 0 to 32")]
    [InlineData("""{"ip":["10.1"]}""", "bad address '10.1': write an address or CIDR such as 10.0.0.5, 10.0.0.0/8 or fe80::/10")]
    [InlineData("""{"ip":["[::1]:80"]}""", "bad address '[::1]:80': write an address or CIDR such as 10.0.0.5, 10.0.0.0/8 or fe80::/10")]
    [InlineData("""{"cookie":["0"]}""", "bad cookie 0: a cookie is 1 or more")]
    [InlineData("""{"inode":["0"]}""", "bad inode 0: an inode is 1 or more")]
    [InlineData("""{"ip":[""]}""", "bad address '': write an address or CIDR such as 10.0.0.5, 10.0.0.0/8 or fe80::/10")]
    [InlineData("""{"port":[65536]}""", "bad port 65536: a port is 1 to 65535")]
    [InlineData("""{"localPort":[0]}""", "bad port 0: a port is 1 to 65535")]
    [InlineData("""{"cgroupId":["0"]}""", "bad cgroup 0: a cgroup id is 1 or more")]
    [InlineData("""{"container":["0123456789abcdeF"]}""", "bad container '0123456789abcdeF': it is a container's id, or how that begins: 1 to 64 of the digits 0-9 and a-f")]
    [InlineData("""{"container":[""]}""", "bad container '': it is a container's id, or how that begins: 1 to 64 of the digits 0-9 and a-f")]
    [InlineData("""{"kind":[99]}""", "bad kind 99: a kind is one of katrace.v1.Event.Kind")]
    [InlineData("""{"kind":[0]}""", "bad kind 0: a kind is one of katrace.v1.Event.Kind")]
    [InlineData("""{"ipVersion":[5]}""", "bad IP version 5: it is IPV4 or IPV6")]
    public void A_value_that_cannot_be_is_one_sentence(string filter, string message) =>
        Assert.Equal(message, Assert.Throws<FilterException>(() => Filter($$"""{"allowList":[{{filter}}]}""")).Message);

    [Fact]
    public void A_denied_filter_without_conditions_is_refused() =>
        Assert.Equal(
            "bad deny list: a filter without conditions would hide every event",
            Assert.Throws<FilterException>(() => Filter("""{"denyList":[{}]}""")).Message);

    [Fact]
    public void Matching_allocates_nothing()
    {
        EventRecord record = Sample.Probe.OverIPv6().ToRecord();
        EventFilter filter = Filter(
            """
            {"allowList":[{"port":[80]},{"comm":["*x*","re?is-*"],"ip":["10.0.0.0/8","2001:db8::/32"],"pid":[1,520]}],
             "denyList":[{"netns":[1]},{"ipVersion":["IPV4"]}]}
            """);
        Assert.True(filter.Matches(in record, Sample.Redis));
        Allocation.AssertNone(() => filter.Matches(in record, Sample.Redis));
    }

    private static bool MatchesIp(string ip, RawEvent raw) => Matches($$"""{"allowList":[{"ip":["{{ip}}"]}]}""", raw);

    private static bool Matches(string filters, RawEvent raw)
    {
        EventRecord record = raw.ToRecord();
        return Filter(filters).Matches(in record, Sample.Redis);
    }

    private static EventFilter Filter(string json) => EventFilter.Compile(JsonParser.Default.Parse<FilterList>(json));
}
