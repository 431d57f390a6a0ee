using System.Globalization;
using System.Text.Json.Nodes;
using Google.Protobuf;
using KaTrace.Cli.Listing;
using KaTrace.KernelTests.Cli;
using KaTrace.KernelTests.Net;
using KaTrace.V1;
using static KaTrace.KernelTests.Net.KeepaliveSocket;

namespace KaTrace.KernelTests.Serve;

/// <summary><c>list</c>, <c>audit</c> and <c>explain</c> say of an agent's host what they say on the host itself.</summary>
public sealed class HostTests : IDisposable
{
    private readonly AgentProcess _agent = AgentProcess.Start();
    private readonly Pair _pair = Pair.Unprobed();

    public HostTests()
    {
        _pair.Client.SetKeepalive(600, 20, 4);
        _pair.Client.Set(SOL_TCP, TCP_USER_TIMEOUT, 90_000);
        _pair.Client.Send("not read by the server"u8);
    }

    public void Dispose()
    {
        _pair.Dispose();
        _agent.Dispose();
    }

    [Theory]
    [InlineData("table")]
    [InlineData("csv")]
    public void A_list_is_the_same_in_all_columns_but_for_times_that_run(string format)
    {
        string columns = string.Join(',', Column.All.Select(column => column.Name).Except(["next", "silent", "timer"]));

        (string[] here, string[] there) = Listed("-o", format, "--columns", columns);

        Assert.True(here.Length >= 4, string.Join('\n', here)); // headings, both sides, the listener
        Assert.Equal(here, there);
    }

    [Fact]
    public void A_list_is_the_same_in_JSON_but_for_times_that_run()
    {
        (string[] here, string[] there) = Listed("-o", "json");

        Assert.Equal(3, here.Length);
        Assert.Equal(here.Select(WithoutTimes), there.Select(WithoutTimes));
    }

    [Fact]
    public void A_list_of_an_agent_can_be_filtered_as_any()
    {
        string[] lines = Said(["list", "--server", _agent.Address, "-H", "--columns", "rport,comm", "--inode", $"{_pair.Client.Inode()}", "--pid", $"{Environment.ProcessId}", $"dport = :{_pair.ServerPort}"]);

        Assert.Equal($"{_pair.ServerPort}", Assert.Single(lines).Split(' ')[0]);
    }

    [Fact]
    public void Findings_are_the_same()
    {
        using PythonProcess server = new();
        server.Do("l = socket(); l.bind(('127.0.0.1', 0)); l.listen(80)\nclients = [create_connection(l.getsockname()) for i in range(60)]\nservers = [l.accept()[0] for c in clients]");
        ushort port = server.LocalPort("l");

        JsonNode[] here = Judged.Audit(port), there = Judged.Audit(port, "--server", _agent.Address);

        Assert.Contains(here, finding => (string?)finding["rule"] == "server-without-keepalive");
        Assert.Equal(here.Select(finding => finding.ToJsonString()), there.Select(finding => finding.ToJsonString()));
    }

    [Fact]
    public void Growth_is_told_of_an_agent_s_host_too()
    {
        using PythonProcess server = new();
        server.Do("l = socket(); l.bind(('127.0.0.1', 0)); l.listen(80)\nends = []\ndef more(n):\n  for i in range(n): ends.append(create_connection(l.getsockname())); ends.append(l.accept()[0])\nmore(60)");
        ushort port = server.LocalPort("l");
        using KatraceProcess katrace = KatraceProcess.Start("audit", "-o", "json", "--rule", "server-without-keepalive", "--watch", "3s", "--server", _agent.Address);
        katrace.Errors.WaitForLine(line => line.Contains("looking again in 3 s", StringComparison.Ordinal));
        server.Do("more(5)");

        Assert.Equal(0, katrace.WaitForExit());
        JsonNode finding = katrace.Output.All().Select(line => JsonNode.Parse(line)!).Single(f => (int?)f["port"] == port);
        Assert.Equal((65, 5), ((int)finding["count"]!, (int)finding["growth"]!));
    }

    [Fact]
    public void An_explanation_is_the_same_but_for_times_that_run_and_has_the_events_that_the_agent_keeps()
    {
        string target = $"inode:{_pair.Client.Inode()}";
        JsonNode here = Assert.Single(Judged.Explain(target)), there = Assert.Single(Judged.Run(["explain", target, "-o", "json", "--server", _agent.Address], 0));
        JsonNode[] events = [.. there["events"]!.AsArray().OfType<JsonNode>()];
        foreach (JsonObject one in (JsonNode[])[here, there])
        {
            one.Remove("events");
            one.Remove("eventsSince");
            foreach (JsonObject side in (JsonNode[])[one, one["otherSide"]!])
                Assert.True(side.Remove("silentSeconds"));
            Assert.True(one.Remove("nextSeconds") && one["text"]!.AsObject().Remove("next probe"));
        }

        Assert.Equal(here.ToJsonString(), there.ToJsonString());
        Assert.Contains(events, e => (string?)e["kind"] == "ENABLED" && (uint)e["process"]!["pid"]! == Environment.ProcessId);
        Assert.Contains(events, e => (string?)e["configured"]?["changed"]?[0] == "USER_TIMEOUT");
    }

    [Fact]
    public void The_events_are_lines_as_stream_writes_them()
    {
        using KatraceProcess katrace = KatraceProcess.Start("explain", $"inode:{_pair.Client.Inode()}", "--server", _agent.Address);
        using KatraceProcess stream = KatraceProcess.Start("stream", "--server", _agent.Address, "--last", "10", "--no-follow", "--inode", $"{_pair.Client.Inode()}");
        Assert.Equal((0, 0), (katrace.WaitForExit(), stream.WaitForExit()));

        string[] said = katrace.Output.All(), streamed = stream.Output.All();

        Assert.InRange(streamed.Length, 5, 10);
        Assert.Equal(streamed, said[^streamed.Length..].Select(line => line.TrimStart()));
        Assert.StartsWith($"  events         the last of those that the agent at {_agent.Address} keeps", said[^(streamed.Length + 1)], StringComparison.Ordinal);
    }

    [Fact]
    public void Events_of_another_socket_are_not_among_them()
    {
        using System.Net.Sockets.Socket other = _pair.Left.NewSocket();
        other.SetKeepalive(77, 7, 7);
        other.Connect("10.9.0.2", _pair.ServerPort);

        JsonNode? one = null;
        Until.True(() => (one = Assert.Single(Judged.Run(["explain", $"inode:{other.Inode()}", "-o", "json", "--server", _agent.Address], 0)))["events"]!.AsArray().Count > 0, "its events are kept");

        Assert.All(one!["events"]!.AsArray(), e => Assert.Equal(other.Inode().ToString(CultureInfo.InvariantCulture), (string?)e!["socket"]!["inode"]));
        Assert.Equal("ENABLED", (string?)one["events"]!.AsArray().Select(e => e!["kind"]).Single(kind => (string?)kind == "ENABLED"));
    }

    [Theory]
    [InlineData("list")]
    [InlineData("audit")]
    [InlineData("explain", "port:80")]
    [InlineData("stream")]
    public async Task What_is_no_agent_is_told_so_in_one_sentence(params string[] command)
    {
        using System.Net.Sockets.TcpListener garbage = new(System.Net.IPAddress.Loopback, 0);
        garbage.Start();
        Task answered = Task.Run(async () =>
        {
            using System.Net.Sockets.Socket client = await garbage.AcceptSocketAsync();
            await client.SendAsync("\e[31m220 smtp.example.org ESMTP\r\n"u8.ToArray());
            while (await client.ReceiveAsync(new byte[4096]) > 0)
            {
            }
        });
        using KatraceProcess katrace = KatraceProcess.Start([.. command, "--server", garbage.LocalEndpoint.ToString()!]);

        Assert.Equal(1, katrace.WaitForExit());
        await answered;
        Assert.Empty(katrace.Output.All());
        string sentence = Assert.Single(katrace.Errors.All());
        Assert.StartsWith("katrace: ", sentence, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', sentence);
    }

    /// <summary>Lines of the kernel's and of the agent's list of both namespaces.</summary>
    private (string[] Here, string[] There) Listed(params string[] format)
    {
        string[] list = ["list", "-a", "--netns", _pair.Left.Name, "--netns", _pair.Right.Name, .. format];
        return (Said(list), Said([.. list, "--server", _agent.Address]));
    }

    private static string[] Said(string[] arguments)
    {
        using KatraceProcess katrace = KatraceProcess.Start(arguments);
        Assert.True(katrace.WaitForExit() == 0, string.Join('\n', katrace.Errors.All()));
        return katrace.Output.All();
    }

    private static Connection WithoutTimes(string line)
    {
        Connection connection = JsonParser.Default.Parse<Connection>(line);
        (connection.Time, connection.Timer) = (null, null);
        connection.Keepalive.ClearSilentSeconds();
        connection.Keepalive.ClearNextSeconds();
        return connection;
    }
}
