using KaTrace.Audit;
using KaTrace.Hosts;
using KaTrace.Sockets;
using KaTrace.Tests.Sockets;

namespace KaTrace.Tests.Audit;

/// <summary>What lies on the way forgets a connection: said by the user, or read from this host.</summary>
public sealed class PathFindingTests
{
    private readonly MadeUpHost _host = new();

    [Theory]
    [InlineData(7200, true)]
    [InlineData(350, true)] // at the limit it is a race
    [InlineData(60, false)]
    public void A_first_probe_after_the_path_has_forgotten_is_critical(int idle, bool isFound)
    {
        int program = _host.Process(520, "worker");
        _host.Connect(program, "10.0.0.5:40000", "10.0.0.9:5000", (ref row) => (row.Flags, row.Idle) = (row.Flags | SocketFlags.Keepalive, MadeUpHost.Seconds(idle)));

        Finding[] found = Audited.Find("path-forgets-first", _host, Audited.Over("aws-nlb"));
        Assert.Equal(isFound, found.Length == 1);
        Assert.All(found, f => Assert.Equal(Severity.Critical, f.Severity));
        Assert.All(found, f => Assert.Contains("as of 2024-09", f.Sentence, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(10, Severity.Warning)]
    [InlineData(400, Severity.Critical)]
    public void No_keepalive_over_a_path_is_worse_once_the_silence_is_longer_than_the_path_remembers(int silent, object severity)
    {
        int program = _host.Process(520, "worker");
        _host.Connect(program, "10.0.0.5:40000", "10.0.0.9:5000", (ref row) => row.Silent = MadeUpHost.Seconds(silent));

        Assert.Equal(severity, Assert.Single(Audited.Find("path-without-keepalive", _host, Audited.Over("350s"))).Severity);
    }

    [Fact]
    public void A_path_that_keepalive_does_not_extend_is_told_as_such()
    {
        int program = _host.Process(520, "worker");
        _host.Connect(program, "10.0.0.5:40000", "10.0.0.9:5000", (ref row) => row.Flags |= SocketFlags.Keepalive);

        Finding[] found = Audited.All(_host, Audited.Over("cloudflare"));
        Assert.Contains(found, f => f.Rule == "path-ignores-keepalive");
        Assert.DoesNotContain(found, f => f.Rule == "path-forgets-first");
    }

    [Fact]
    public void The_tracking_of_this_host_counts_by_namespace_and_only_where_its_time_is_shorter()
    {
        int program = _host.Process(520, "worker");
        _host.Connect(program, "10.0.0.5:40000", "10.0.0.9:5000", (ref row) => row.Flags |= SocketFlags.Keepalive);
        _host.Connect(program, "10.0.0.5:40001", "10.0.0.9:5000", (ref row) => (row.Flags, row.Netns) = (row.Flags | SocketFlags.Keepalive, 1));
        HostSettings Tracked(int seconds) => new(new Dictionary<uint, NamespaceSettings> { [1] = new() { Conntrack = TimeSpan.FromSeconds(seconds) } });

        Assert.Equal([1], Assert.Single(Audited.Find("tracking-forgets-first", _host, scope => scope.With(host: Tracked(3600)))).Examples);
        Assert.Empty(Audited.Find("tracking-forgets-first", _host, scope => scope.With(host: Tracked(432_000))));
    }

    [Fact]
    public void The_timeout_of_IPVS_counts_for_connections_to_its_services()
    {
        int program = _host.Process(520, "worker");
        _host.Connect(program, "10.0.0.5:40000", "10.96.0.1:443", (ref row) => row.Flags |= SocketFlags.Keepalive);
        _host.Connect(program, "10.0.0.5:40001", "10.0.0.9:5000", (ref row) => row.Flags |= SocketFlags.Keepalive);
        NamespaceSettings settings = new() { Ipvs = TimeSpan.FromSeconds(900), IpvsServices = new HashSet<string> { "10.96.0.1:443" } };

        Finding found = Assert.Single(Audited.Find("tracking-forgets-first", _host, scope => scope.With(host: new HostSettings(new Dictionary<uint, NamespaceSettings> { [MadeUpHost.Netns] = settings }))));
        Assert.StartsWith("IPVS", found.Sentence, StringComparison.Ordinal);
        Assert.Equal([0], found.Examples);
    }
}
