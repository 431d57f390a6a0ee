using KaTrace.Audit;
using KaTrace.Tests.Sockets;

namespace KaTrace.Tests.Audit;

/// <summary>One finding speaks for all sockets of one program at one port.</summary>
public sealed class GroupingTests
{
    private readonly MadeUpHost _host = new();

    [Fact]
    public void Forty_thousand_connections_are_one_finding()
    {
        int listener = _host.Listen(_host.Process(520, "redis-server"), "0.0.0.0:6379");
        for (int i = 0; i < 40_000; i++)
            _host.Accept(listener, $"10.0.0.9:{10_000 + i}");

        Finding found = Assert.Single(Audited.All(_host));
        Assert.Equal(40_000, found.Count);
    }

    [Fact]
    public void Processes_of_one_program_are_one_finding_that_names_them_all()
    {
        Silent(_host.Process(520, "nginx"), 40000, 5000);
        Silent(_host.Process(521, "nginx"), 40001, 5000);

        Assert.Equal([520u, 521u], Assert.Single(Audited.Find("silent-without-keepalive", _host)).Pids);
    }

    [Fact]
    public void Programs_and_ports_of_the_server_are_told_apart()
    {
        int nginx = _host.Process(520, "nginx");
        Silent(nginx, 40000, 5000);
        Silent(nginx, 40001, 5001);
        Silent(_host.Process(530, "envoy"), 40002, 5000);

        Finding[] found = Audited.Find("silent-without-keepalive", _host);
        Assert.Equal(["envoy 5000", "nginx 5000", "nginx 5001"], found.Select(f => $"{f.Program} {f.Port}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_worst_come_first_and_then_the_largest()
    {
        int worker = _host.Process(520, "worker");
        Silent(worker, 40000, 5000);
        Silent(worker, 40001, 5001);
        Silent(worker, 40002, 5001);

        Finding[] found = Audited.All(_host, Audited.Over(":5000=1m"));
        Assert.Equal(["path-without-keepalive 1", "silent-without-keepalive 2", "silent-without-keepalive 1"], found.Select(f => $"{f.Rule} {f.Count}"));
    }

    private void Silent(int process, int localPort, int remotePort) =>
        _host.Connect(process, $"10.0.0.5:{localPort}", $"10.0.0.9:{remotePort}", (ref row) => row.Silent = MadeUpHost.Seconds(2 * 3600));
}
