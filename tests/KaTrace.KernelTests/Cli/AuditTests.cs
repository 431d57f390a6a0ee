using System.Globalization;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using KaTrace.KernelTests.Net;

namespace KaTrace.KernelTests.Cli;

/// <summary>The article's scenario, and what operators do with the verdict: sessions dangle, and it is the server's setting.</summary>
public sealed class AuditTests : IDisposable
{
    private const int Clients = 60;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("katrace-audit-");
    private readonly ushort _port = RedisProcess.FreePort();

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void A_redis_server_without_keepalive_is_found_with_its_knob_until_the_knob_is_turned()
    {
        using RedisProcess server = RedisProcess.Server(_port, keepaliveSeconds: 0);
        using PythonProcess client = new();
        Connect(client, Clients);

        JsonNode[] findings = Judged.Audit(_port);
        Assert.Equal(["one-side-only", "server-without-keepalive"], findings.Select(f => (string)f["rule"]!).Order(StringComparer.Ordinal));
        Assert.All(findings, finding =>
        {
            Assert.Equal("redis-server", (string?)finding["program"]);
            Assert.Equal(server.Pid, (uint)Assert.Single(finding["pids"]!.AsArray())!);
            Assert.Equal(Clients, (int)finding["count"]!);
            Assert.Equal("tcp-keepalive", (string?)finding["knob"]!["name"]);
        });

        // Each side, by its command line and what it has.
        JsonNode side = Assert.Single(Judged.Explain($"{client.LocalPort("clients[0]")}"));
        Assert.Equal((client.Pid, true), ((uint)side["holders"]![0]!["pid"]!, (bool)side["keepaliveOn"]!));
        Assert.Contains("python3", (string?)side["holders"]![0]!["commandLine"], StringComparison.Ordinal);
        JsonNode otherSide = side["otherSide"]!;
        Assert.Equal((server.Pid, false), ((uint)otherSide["holders"]![0]!["pid"]!, (bool)otherSide["keepaliveOn"]!));
        Assert.Contains($"redis-server 127.0.0.1:{_port}", (string?)otherSide["holders"]![0]!["commandLine"], StringComparison.Ordinal);
        JsonNode serverSide = Assert.Single(Judged.Explain($"inode:{(string?)otherSide["inode"]}"));
        Assert.Contains("redis-cli CONFIG SET tcp-keepalive 60", (string?)serverSide["text"]!["to turn it on"], StringComparison.Ordinal);
        Assert.Equal("NOTHING", (string?)serverSide["deadPeer"]!["noticedBy"]);

        Shell.Run("redis-cli", "-p", $"{_port}", "CONFIG", "SET", "tcp-keepalive", "60");
        client.Do("for c in clients: c.close()");
        Connect(client, Clients);

        Assert.Empty(Judged.Rules(_port));
        serverSide = Assert.Single(Judged.Explain($"{client.LocalPort("clients[0]")}"))["otherSide"]!;
        Assert.Equal((true, 60, 20, 3), ((bool)serverSide["keepaliveOn"]!, (int)serverSide["idleSeconds"]!, (int)serverSide["intervalSeconds"]!, (int)serverSide["count"]!));
    }

    [Fact]
    public void A_health_check_fails_by_exit_code_3_only_for_what_is_bad_enough()
    {
        using RedisProcess server = RedisProcess.Server(_port, keepaliveSeconds: 0);
        using PythonProcess client = new();
        Connect(client, Clients);
        string[] check = ["audit", "-o", "json", "--rule", "server-without-keepalive", "--fail-on"];

        Assert.NotEmpty(Judged.Run([.. check, "warning"], exitCode: 3));
        Assert.NotEmpty(Judged.Run([.. check, "critical"], exitCode: 0));
    }

    [Fact]
    public void Expectations_become_JUnit_test_cases()
    {
        using RedisProcess server = RedisProcess.Server(_port, keepaliveSeconds: 60);
        using PythonProcess client = new();
        Connect(client, 2);
        string expectations = Path.Combine(_directory.FullName, "ka.expect"), junit = Path.Combine(_directory.FullName, "ka.xml");
        File.WriteAllText(expectations, $"""
            # both sides of the same connections
            every connection to :{_port} of redis-server: on, idle <= 300s
            every connection to :{_port} of python3: on, idle <= 10s
            some listener to :{_port}: off
            """);

        JsonNode finding = Assert.Single(Judged.Run(["audit", "-o", "json", "--rule", "expectation", "--expect", expectations, "--junit", junit, "--fail-on", "critical"], exitCode: 3));
        Assert.Contains("otherwise on 2 of 2 connections, the first idle 30 s", (string?)finding["sentence"], StringComparison.Ordinal);
        XElement suite = XDocument.Load(junit).Root!.Element("testsuite")!;
        Assert.Equal([false, true, false], suite.Elements("testcase").Select(testCase => testCase.Element("failure") is not null));
    }

    [Fact]
    public void Growth_between_two_looks_is_told()
    {
        using RedisProcess server = RedisProcess.Server(_port, keepaliveSeconds: 0);
        using PythonProcess client = new();
        Connect(client, Clients);
        using KatraceProcess katrace = KatraceProcess.Start("audit", "-o", "json", "--rule", "server-without-keepalive", "--watch", "3s");
        katrace.Errors.WaitForLine(line => line.Contains("looking again in 3 s", StringComparison.Ordinal));
        Connect(client, 5);

        Assert.Equal(0, katrace.WaitForExit());
        JsonNode finding = katrace.Output.All().Select(line => JsonNode.Parse(line)!).Single(f => (int)f["port"]! == _port);
        Assert.Equal((Clients + 5, 5), ((int)finding["count"]!, (int)finding["growth"]!));
    }

    [Fact]
    public void A_configuration_file_sets_limits_severities_and_paths()
    {
        using RedisProcess server = RedisProcess.Server(_port, keepaliveSeconds: 600);
        using PythonProcess client = new();
        Connect(client, 1);
        string config = Path.Combine(_directory.FullName, "audit.json");
        File.WriteAllText(config, $$"""
            {
              "pathTimeouts": ["127.0.0.0/8:{{_port}}=aws-nlb"], // both sides
              "severity": { "path-forgets-first": "info" },
              "limits": { "eager": "31s" }
            }
            """);

        JsonNode[] findings = Judged.Audit(_port, "--config", config, "--rule", "path-forgets-first,over-eager");
        Assert.Equal(["over-eager CONNECTING INFO", "path-forgets-first ACCEPTED INFO"],
            findings.Select(f => $"{(string?)f["rule"]} {(string?)f["side"]} {(string?)f["severity"]}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Connection_tracking_of_a_namespace_is_read_live()
    {
        using Pair pair = Pair.Unprobed();
        pair.Client.Set(KeepaliveSocket.SOL_SOCKET, KeepaliveSocket.SO_KEEPALIVE, 1);
        string[] track = ["netns", "exec", pair.Left.Name];
        Shell.Run("ip", [.. track, "nft", "add table inet track; add chain inet track out { type filter hook output priority 0; }; add rule inet track out ct state new,established accept"]);
        pair.Client.Send("x"u8); // what is tracked begins here
        Assert.Empty(Judged.Rules(pair.ServerPort, "--rule", "tracking-forgets-first"));

        Shell.Run("ip", [.. track, "sysctl", "-w", "net.netfilter.nf_conntrack_tcp_timeout_established=3600"]);
        JsonNode finding = Assert.Single(Judged.Audit(pair.ServerPort, "--rule", "tracking-forgets-first"));
        Assert.Equal("CONNECTING", (string?)finding["side"]); // the server's namespace tracks nothing
        Assert.Contains("after 3600 s", (string?)finding["sentence"], StringComparison.Ordinal);
    }

    [Fact]
    public void Descriptors_that_run_out_are_counted_in_the_process()
    {
        using RedisProcess server = RedisProcess.Server(_port, keepaliveSeconds: 60);
        using PythonProcess client = new();
        client.Do("import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))");
        Connect(client, 52);

        JsonNode finding = Judged.Run(["audit", "-o", "json", "--rule", "descriptors-run-out"], 0).Single(f => (uint)f["pids"]![0]! == client.Pid);
        Assert.Contains("of 64 descriptors in use, 52 TCP sockets among them", (string?)finding["sentence"], StringComparison.Ordinal);
    }

    [Fact]
    public void Lines_for_people_end_with_a_summary()
    {
        using RedisProcess server = RedisProcess.Server(_port, keepaliveSeconds: 0);
        using PythonProcess client = new();
        Connect(client, Clients);
        using KatraceProcess katrace = KatraceProcess.Start("audit", "--rule", "server-without-keepalive");

        Assert.Equal(0, katrace.WaitForExit());
        string[] lines = katrace.Output.All();
        Assert.Contains($"WARNING server-without-keepalive: redis-server[{server.Pid}] on :{_port}", lines);
        Assert.Matches(@"^[0-9]+ findings? \(.*\) over [0-9,]+ TCP sockets of [0-9,]+ process(es)?$", lines[^1]);
    }

    /// <summary>The last of them are "clients"; the others stay as they are.</summary>
    private void Connect(PythonProcess client, int count) => client.Do($"""
        clients = []
        kept = globals().get('kept', []) + [clients]
        for i in range({count.ToString(CultureInfo.InvariantCulture)}):
            c = create_connection(('127.0.0.1', {_port}))
            c.setsockopt(IPPROTO_TCP, TCP_KEEPIDLE, 30)
            c.setsockopt(IPPROTO_TCP, TCP_KEEPINTVL, 10)
            c.setsockopt(IPPROTO_TCP, TCP_KEEPCNT, 3)
            c.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)
            c.sendall(b'PING\r\n')
            c.recv(7)
            clients.append(c)
        """);
}
