using KaTrace.Audit;
using KaTrace.Events;
using KaTrace.Hosts;
using KaTrace.Sockets;
using KaTrace.Tests.Sockets;

namespace KaTrace.Tests.Audit;

/// <summary>Servers that fill up: connections that nobody ends, and descriptors that run out.</summary>
public sealed class ResourceRuleTests
{
    private readonly MadeUpHost _host = new();

    [Fact]
    public void A_server_with_many_connections_without_keepalive_is_one_finding_that_names_its_knob()
    {
        Serve(connections: 60);

        Finding found = Assert.Single(Audited.Find("server-without-keepalive", _host));
        Assert.Equal(("redis-server", 6379, 60), (found.Program, found.Port, found.Count));
        Assert.Equal([520u], found.Pids);
        Assert.Contains("tcp-keepalive", found.Remedy, StringComparison.Ordinal);
        Assert.Equal(3, found.Examples.Count);
    }

    [Fact]
    public void A_server_with_few_connections_without_keepalive_is_none()
    {
        Serve(connections: 49);

        Assert.Empty(Audited.Find("server-without-keepalive", _host));
    }

    [Fact]
    public void Growth_of_a_server_is_told_between_two_looks_with_its_descriptors()
    {
        Serve(connections: 60);
        MadeUpHost before = new() { At = TimeSpan.FromSeconds(-30) };
        Serve(before, 50);

        Finding found = Assert.Single(Audited.Find("server-without-keepalive", _host, scope => scope.With(before: before, descriptors: _ => new DescriptorUse(80, 1024))));
        Assert.Equal(10, found.Growth);
        Assert.Contains("+10 in 30 s", found.Sentence, StringComparison.Ordinal);
        Assert.Contains("80 of 1,024", found.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Descriptors_that_run_out_are_found_by_their_share()
    {
        Serve(connections: 1);

        Finding found = Assert.Single(Audited.Find("descriptors-run-out", _host, scope => scope.With(descriptors: _ => new DescriptorUse(900, 1024))));
        Assert.Equal(Severity.Critical, found.Severity);
        Assert.Empty(Audited.Find("descriptors-run-out", _host, scope => scope.With(descriptors: _ => new DescriptorUse(100, 1024))));
    }

    [Theory]
    [InlineData(-86_400)] // a limit as container runtimes set it, and a day's growth
    [InlineData(60)] // the clock was set back
    public void A_limit_that_no_time_reaches_is_no_finding(int secondsBefore)
    {
        MadeUpHost before = new() { At = TimeSpan.FromSeconds(secondsBefore) };
        Serve(before, 50);
        Serve(_host, 51);
        Func<uint, DescriptorUse?> descriptors = _ => new DescriptorUse(80, long.MaxValue);

        Assert.Empty(Audited.Find("descriptors-run-out", _host, scope => scope.With(before: before, descriptors: descriptors)));
    }

    [Fact]
    public void Descriptors_that_run_out_are_found_by_growth_with_the_time_that_is_left()
    {
        Serve(connections: 60);
        MadeUpHost before = new() { At = TimeSpan.FromSeconds(-30) };
        Serve(before, 50);

        Finding found = Assert.Single(Audited.Find("descriptors-run-out", _host, scope => scope.With(before: before, descriptors: _ => new DescriptorUse(80, 1080))));
        Assert.Contains("none are left in 50 m", found.Sentence, StringComparison.Ordinal); // 1000 more at 10 in 30 s
    }

    [Theory]
    [InlineData(19, false)]
    [InlineData(20, true)]
    public void CLOSE_WAIT_piles_up_from_a_number_on(int count, bool isFound)
    {
        int listener = _host.Listen(_host.Process(520, "worker"), "0.0.0.0:80");
        for (int i = 0; i < count; i++)
            _host.Accept(listener, $"10.0.0.9:{40000 + i}", (ref row) => row.State = TcpState.CloseWait);

        Assert.Equal(isFound, Audited.Find("close-wait-pile-up", _host).Length == 1);
    }

    [Theory]
    [InlineData(24, false)]
    [InlineData(25, true)]
    public void Orphans_pile_up_from_a_share_of_tcp_max_orphans_on(int count, bool isFound)
    {
        for (int i = 0; i < count; i++)
            _host.Connect(null, $"10.0.0.5:{40000 + i}", "10.0.0.9:5000", (ref row) => (row.State, row.Flags) = (TcpState.FinWait1, SocketFlags.Orphan));

        Finding[] found = Audited.Find("orphan-pile-up", _host, scope => scope.With(host: new HostSettings(new Dictionary<uint, NamespaceSettings>(), maxOrphans: 100)));
        Assert.Equal(isFound, found.Length == 1);
    }

    private void Serve(int connections) => Serve(_host, connections);

    private static void Serve(MadeUpHost host, int connections)
    {
        int listener = host.Listen(host.Process(520, "redis-server"), "0.0.0.0:6379");
        for (int i = 0; i < connections; i++)
            host.Accept(listener, $"10.0.0.9:{40000 + i}");
    }
}
