using KaTrace.Audit;
using KaTrace.Events;
using KaTrace.Hosts;
using KaTrace.Sockets;
using KaTrace.Tests.Sockets;

namespace KaTrace.Tests.Audit;

/// <summary>What each rule speaks of, and what it does not.</summary>
public sealed class RuleTests
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

    [Fact]
    public void Detection_that_takes_longer_than_the_limit_is_found_with_its_arithmetic()
    {
        int program = _host.Process(520, "worker");
        _host.Connect(program, "10.0.0.5:40000", "10.0.0.9:5000", (ref row) => row.Flags |= SocketFlags.Keepalive);

        Finding found = Assert.Single(Audited.Find("slow-detection", _host));
        Assert.Contains("2 h 11 m: idle 7200 s + 9 × 75 s", found.Sentence, StringComparison.Ordinal);
        Assert.Empty(Audited.Find("slow-detection", _host, scope => scope.With(limits: new AuditLimits { Detection = TimeSpan.FromSeconds(7875) })));
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
    public void Times_that_are_set_while_keepalive_is_off_are_found_once_where_the_listener_passes_them_on()
    {
        int program = _host.Process(520, "worker");
        int listener = _host.Listen(program, "0.0.0.0:80", Idle30);
        _host.Accept(listener, "10.0.0.9:40000", Idle30);

        Finding found = Assert.Single(Audited.Find("settings-while-off", _host));
        Assert.Equal([listener], found.Examples);
        Assert.Contains("idle 30 s", found.Sentence, StringComparison.Ordinal);
        Assert.DoesNotContain("interval", found.Sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("idle 30000 s", true)]
    [InlineData("idle 7200 s", false)]
    [InlineData("idle 4000 s", false)]
    [InlineData("interval 5000 s", true)]
    [InlineData("interval 75 s", false)]
    [InlineData("user timeout 30 ms", true)]
    [InlineData("user timeout 30000 ms", false)]
    [InlineData("idle 30000 s of the sysctl", false)]
    public void A_time_is_taken_for_a_mistake_of_units(string setting, bool isMistake)
    {
        int program = _host.Process(520, "worker");
        _host.Connect(program, "10.0.0.5:40000", "10.0.0.9:5000", (ref row) =>
        {
            uint value = uint.Parse(setting.Split(' ').First(word => char.IsAsciiDigit(word[0])));
            row.Flags |= SocketFlags.Keepalive;
            if (setting.StartsWith("idle", StringComparison.Ordinal))
                (row.Idle, row.Own) = (MadeUpHost.Seconds(value), setting.EndsWith("sysctl", StringComparison.Ordinal) ? 0 : KeepaliveSettings.Idle);
            else if (setting.StartsWith("interval", StringComparison.Ordinal))
                (row.Intvl, row.Own) = (MadeUpHost.Seconds(value), KeepaliveSettings.Intvl);
            else
                (row.UserTimeout, row.Own) = (value, KeepaliveSettings.UserTimeout);
        });

        Assert.Equal(isMistake, Audited.Find("unit-mistake", _host).Length == 1);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(10, false)]
    public void An_idle_time_below_the_limit_is_over_eager(int idle, bool isFound)
    {
        int program = _host.Process(520, "worker");
        _host.Connect(program, "10.0.0.5:40000", "10.0.0.9:5000", (ref row) => (row.Flags, row.Idle) = (row.Flags | SocketFlags.Keepalive, MadeUpHost.Seconds(idle)));

        Assert.Equal(isFound, Audited.Find("over-eager", _host).Length == 1);
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

    [Fact]
    public void A_user_timeout_without_keepalive_is_found()
    {
        int program = _host.Process(520, "worker");
        _host.Connect(program, "10.0.0.5:40000", "10.0.0.9:5000", (ref row) => (row.UserTimeout, row.Own) = (20_000, KeepaliveSettings.UserTimeout));

        Assert.Contains("20 s", Assert.Single(Audited.Find("user-timeout-alone", _host)).Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void A_user_timeout_that_overrides_the_count_is_found_with_both_times()
    {
        int program = _host.Process(520, "worker");
        void Go(ref SocketRow row, uint userTimeout)
        {
            (row.Idle, row.Intvl, row.Cnt, row.UserTimeout) = (MadeUpHost.Seconds(15), MadeUpHost.Seconds(15), 9, userTimeout);
            row.Flags |= SocketFlags.Keepalive;
        }

        _host.Connect(program, "10.0.0.5:40000", "10.0.0.9:5000", (ref row) => Go(ref row, 20_000));
        _host.Connect(program, "10.0.0.5:40001", "10.0.0.9:5000", (ref row) => Go(ref row, 150_000)); // 15 + 9 × 15 s as well

        Finding found = Assert.Single(Audited.Find("user-timeout-overrides-count", _host));
        Assert.Equal([0], found.Examples);
        Assert.Contains("after 30 s", found.Sentence, StringComparison.Ordinal);
        Assert.Contains("not after 2 m 30 s", found.Sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, 0, false)]
    [InlineData(3, 0, true)]
    [InlineData(3, 20_000, false)]
    public void Data_that_is_sent_again_and_again_without_a_user_timeout_is_found(int retransmits, int userTimeout, bool isFound)
    {
        int program = _host.Process(520, "worker");
        _host.Connect(program, "10.0.0.5:40000", "10.0.0.9:5000", (ref row) =>
        {
            (row.Retransmits, row.PacketsOut, row.UserTimeout) = ((byte)retransmits, 1, (uint)userTimeout);
            (row.OtherTimer, row.Flags) = (1, row.Flags | SocketFlags.OtherTimer | SocketFlags.Keepalive);
        });

        Finding[] found = Audited.Find("retransmission-alone", _host);
        Assert.Equal(isFound, found.Length == 1);
        Assert.All(found, f => Assert.Contains("15 m 24 s", f.Sentence, StringComparison.Ordinal));
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

    private static void Idle30(ref SocketRow row) => (row.Idle, row.Own) = (MadeUpHost.Seconds(30), KeepaliveSettings.Idle);

    private void Serve(int connections) => Serve(_host, connections);

    private static void Serve(MadeUpHost host, int connections)
    {
        int listener = host.Listen(host.Process(520, "redis-server"), "0.0.0.0:6379");
        for (int i = 0; i < connections; i++)
            host.Accept(listener, $"10.0.0.9:{40000 + i}");
    }
}
