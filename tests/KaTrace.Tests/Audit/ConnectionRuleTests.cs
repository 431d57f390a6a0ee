using KaTrace.Audit;
using KaTrace.Sockets;
using KaTrace.Tests.Sockets;

namespace KaTrace.Tests.Audit;

/// <summary>Connections, by what each side does: silence, one side only, one leg only, probes in vain.</summary>
public sealed class ConnectionRuleTests
{
    private readonly MadeUpHost _host = new();

    [Fact]
    public void A_connection_without_keepalive_that_was_long_silent_is_found_and_a_recent_one_is_not()
    {
        int program = _host.Process(520, "worker");
        int silent = _host.Connect(program, "10.0.0.5:40000", "10.0.0.9:5000", (ref row) => row.Silent = MadeUpHost.Seconds(3 * 3600));
        _host.Connect(program, "10.0.0.5:40001", "10.0.0.9:5000", (ref row) => row.Silent = MadeUpHost.Seconds(60));

        Finding found = Assert.Single(Audited.Find("silent-without-keepalive", _host));
        Assert.Equal([silent], found.Examples);
        Assert.Contains("3 h", found.Sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("keepalive is on")]
    [InlineData("the peer is on this host")]
    [InlineData("nobody holds it any more")]
    public void Long_silence_is_no_finding_where(string reason)
    {
        int program = _host.Process(520, "worker");
        int one = _host.Connect(program, "10.0.0.5:40000", "10.0.0.9:5000", (ref row) =>
        {
            row.Silent = MadeUpHost.Seconds(3 * 3600);
            if (reason == "keepalive is on")
                row.Flags |= SocketFlags.Keepalive;
            if (reason == "nobody holds it any more")
                row.Flags |= SocketFlags.Orphan;
        });
        if (reason == "the peer is on this host")
            _host.Join(one, _host.Connect(program, "10.0.0.9:5000", "10.0.0.5:40000"));

        Assert.Empty(Audited.Find("silent-without-keepalive", _host));
    }

    [Fact]
    public void Keepalive_on_one_side_only_is_told_at_the_side_that_is_off()
    {
        int redis = _host.Process(520, "redis-server"), python = _host.Process(600, "python3");
        int server = _host.Accept(_host.Listen(redis, "0.0.0.0:6379"), "10.0.0.5:40000");
        int client = _host.Connect(python, "10.0.0.5:40000", "10.0.0.5:6379", (ref row) => row.Flags |= SocketFlags.Keepalive);
        _host.Join(server, client);

        Finding found = Assert.Single(Audited.Find("one-side-only", _host));
        Assert.Equal([server], found.Examples);
        Assert.Contains("python3", found.Sentence, StringComparison.Ordinal);
        Assert.Contains("tcp-keepalive", found.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void An_option_that_was_lost_between_listener_and_child_is_found()
    {
        int program = _host.Process(520, "worker");
        int listener = _host.Listen(program, "0.0.0.0:80", (ref row) => row.Flags |= SocketFlags.Keepalive);
        int lost = _host.Accept(listener, "10.0.0.9:40000");
        _host.Accept(listener, "10.0.0.9:40001", (ref row) => row.Flags |= SocketFlags.Keepalive);

        Assert.Equal([lost], Assert.Single(Audited.Find("lost-after-accept", _host)).Examples);
    }

    [Fact]
    public void A_proxy_with_keepalive_on_one_leg_is_found_until_the_other_has_it_as_well()
    {
        int envoy = _host.Process(520, "envoy");
        _host.Accept(_host.Listen(envoy, "0.0.0.0:443"), "10.0.0.9:40000", (ref row) => row.Flags |= SocketFlags.Keepalive);
        int upstream = _host.Connect(envoy, "10.0.0.5:40000", "10.0.0.7:8080");

        Finding found = Assert.Single(Audited.Find("half-proxied", _host));
        Assert.Equal([upstream], found.Examples);
        Assert.Contains("upstream_connection_options", found.Remedy, StringComparison.Ordinal);

        _host.Connect(envoy, "10.0.0.5:40001", "10.0.0.7:8080", (ref row) => row.Flags |= SocketFlags.Keepalive);
        Assert.Empty(Audited.Find("half-proxied", _host));
    }

    [Fact]
    public void A_program_that_talks_to_itself_is_no_proxy()
    {
        int program = _host.Process(520, "worker");
        int accepted = _host.Accept(_host.Listen(program, "0.0.0.0:80"), "10.0.0.5:40000", (ref row) => row.Flags |= SocketFlags.Keepalive);
        _host.Join(accepted, _host.Connect(program, "10.0.0.5:40000", "10.0.0.5:80"));

        Assert.Empty(Audited.Find("half-proxied", _host));
    }

    [Theory]
    [InlineData(1, false, false)]
    [InlineData(2, false, true)]
    [InlineData(2, true, false)] // of a zero window: the count is shared
    public void Probes_that_go_unanswered_now_are_found(int probes, bool zeroWindow, bool isFound)
    {
        int program = _host.Process(520, "worker");
        _host.Connect(program, "10.0.0.5:40000", "10.0.0.9:5000", (ref row) =>
        {
            row.ProbesOut = (byte)probes;
            row.Flags |= SocketFlags.Keepalive | (zeroWindow ? SocketFlags.OtherTimer : SocketFlags.None);
        });

        Assert.Equal(isFound, Audited.Find("peer-not-answering", _host).Length == 1);
    }

    [Fact]
    public void A_host_where_keepalive_is_on_everywhere_and_in_time_has_no_findings()
    {
        int redis = _host.Process(520, "redis-server");
        int listener = _host.Listen(redis, "0.0.0.0:6379");
        for (int i = 0; i < 100; i++)
        {
            _host.Accept(listener, $"10.0.0.9:{40000 + i}", (ref row) =>
            {
                (row.Idle, row.Intvl, row.Cnt) = (MadeUpHost.Seconds(60), MadeUpHost.Seconds(20), 3);
                row.Flags |= SocketFlags.Keepalive;
            });
        }

        Assert.Empty(Audited.All(_host, Audited.Over("aws-nlb")));
    }
}
