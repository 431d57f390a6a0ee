using System.Text.Json.Nodes;
using KaTrace.KernelTests.Net;

namespace KaTrace.KernelTests.Cli;

/// <summary>Real servers and real states in plain words.</summary>
public sealed class ExplainTests
{
    [Fact]
    public void Nginx_has_keepalive_where_its_configuration_says_so()
    {
        using ServerProcess server = ServerProcess.Nginx("so_keepalive=60s:10s:3");
        using PythonProcess client = Client(server.Port);

        JsonNode side = ServerSide(client, server.Port);
        Assert.Equal((true, 60, 10, 3), ((bool)side["keepaliveOn"]!, (int)side["idleSeconds"]!, (int)side["intervalSeconds"]!, (int)side["count"]!));
        Assert.Equal(90, (double)side["deadPeer"]!["afterSeconds"]!);
        Assert.StartsWith("so_keepalive", (string?)side["text"]!["to change it"], StringComparison.Ordinal);
        Assert.Empty(Judged.Rules(server.Port, "--rule", "server-without-keepalive,lost-after-accept,settings-while-off"));
    }

    [Fact]
    public void Nginx_without_it_is_told_its_knob()
    {
        using ServerProcess server = ServerProcess.Nginx("");
        using PythonProcess client = Client(server.Port);

        JsonNode side = ServerSide(client, server.Port);
        Assert.False((bool)side["keepaliveOn"]!);
        Assert.Equal("so_keepalive", (string?)side["knob"]!["name"]);
        Assert.Contains("so_keepalive=60s:10s:3", (string?)side["text"]!["to turn it on"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "to change it", "TCPKeepAlive (OpenSSH server) does not set that")]
    [InlineData(false, "to turn it on", "TCPKeepAlive yes in sshd_config")]
    public void Sshd_has_a_switch_and_no_times(bool tcpKeepAlive, string label, string advice)
    {
        using ServerProcess server = ServerProcess.Sshd(tcpKeepAlive);
        using PythonProcess client = Client(server.Port);
        client.Do("s.recv(3)"); // it sets its options before it greets

        JsonNode side = ServerSide(client, server.Port);
        Assert.Equal(tcpKeepAlive, (bool)side["keepaliveOn"]!);
        Assert.Contains(advice, (string?)side["text"]![label], StringComparison.Ordinal);
    }

    [Fact]
    public void Postgres_has_keepalive_on_and_its_times_as_configured()
    {
        using ServerProcess server = ServerProcess.Postgres(idle: 77);
        using PythonProcess client = Client(server.Port);
        // A start-up message without a user, which the server refuses after it has set its options.
        client.Do("s.sendall(bytes([0, 0, 0, 8, 4, 210, 22, 47]))\nassert s.recv(1) == b'N'");

        JsonNode side = ServerSide(client, server.Port);
        Assert.True((bool)side["keepaliveOn"]!);
        Assert.Equal(77, (int)side["idleSeconds"]!);
        Assert.StartsWith("tcp_keepalives_idle", (string?)side["text"]!["to change it"], StringComparison.Ordinal);
    }

    [Fact]
    public void While_data_is_unacknowledged_retransmission_decides_and_other_tools_hide_keepalive()
    {
        using Pair pair = Pair.Unprobed();
        pair.Client.SetKeepalive(60, 10, 3);
        pair.Right.DropAllInput();
        pair.Client.Send("x"u8);

        JsonNode? side = null;
        Until.True(() => (string?)(side = Assert.Single(Judged.Explain($"inode:{pair.Client.Inode()}")))["deadPeer"]!["noticedBy"] == "RETRANSMIT", "data waits");
        Assert.Equal(924.6, (double)side!["deadPeer"]!["unacknowledgedSeconds"]!);
        Assert.Contains("print 'on'", (string?)side["text"]!["netstat, ss"], StringComparison.Ordinal);

        Shell.Run("ip", "netns", "exec", pair.Left.Name, "sysctl", "-w", "net.ipv4.tcp_retries2=8");
        Assert.Equal(102.2, (double)Assert.Single(Judged.Explain($"inode:{pair.Client.Inode()}"))["deadPeer"]!["unacknowledgedSeconds"]!);
    }

    [Fact]
    public void A_user_timeout_ends_a_connection_when_explain_says_so()
    {
        using Pair pair = Pair.ProbingInVain(count: 9);
        pair.Client.Set(KeepaliveSocket.SOL_TCP, KeepaliveSocket.TCP_USER_TIMEOUT, 2500);

        JsonNode side = Assert.Single(Judged.Explain($"inode:{pair.Client.Inode()}"));
        Assert.Equal(("USER_TIMEOUT", 3.0), ((string?)side["deadPeer"]!["noticedBy"], (double)side["deadPeer"]!["afterSeconds"]!));
        Assert.True((double)side["deadPeer"]!["lateSeconds"]! < 0.5);
    }

    [Fact]
    public void Many_sockets_are_a_list_that_says_how_to_name_one()
    {
        using PythonProcess python = new();
        python.Do("l = socket(); l.bind(('127.0.0.1', 0)); l.listen(50)\nclients = [create_connection(l.getsockname()) for i in range(30)]");
        using KatraceProcess katrace = KatraceProcess.Start("explain", $"pid:{python.Pid}");

        Assert.Equal(0, katrace.WaitForExit());
        string[] lines = katrace.Output.All();
        Assert.StartsWith($"31 sockets (30 connections, 30 without keepalive) are of pid {python.Pid}; name one of them, such as 'katrace explain inode:", lines[0], StringComparison.Ordinal);
        Assert.Contains(" LISTEN ", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("  and 11 more", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_target_that_is_not_there_is_a_failure_that_says_so()
    {
        KernelAccess.Require();
        using KatraceProcess katrace = KatraceProcess.Start("explain", "inode:1");
        Assert.Equal(1, katrace.WaitForExit());
        Assert.StartsWith("katrace: no TCP socket has or holds 'inode:1'", Assert.Single(katrace.Errors.All()), StringComparison.Ordinal);
    }

    private static PythonProcess Client(ushort port)
    {
        PythonProcess client = new();
        client.Do($"s = create_connection(('127.0.0.1', {port}))");
        return client;
    }

    /// <summary>Once the server has taken the connection and set its options: it needs a moment.</summary>
    private static JsonNode ServerSide(PythonProcess client, ushort port)
    {
        ushort clientPort = client.LocalPort("s");
        JsonNode? side = null;
        Until.True(() => (side = Judged.Explain($"port:{port}").SingleOrDefault(s => (string?)s["remote"] == $"127.0.0.1:{clientPort}" && s["holders"]!.AsArray().Count > 0)) is not null, "the server holds the connection");
        return side!;
    }
}
