using System.Buffers;
using System.Text;
using System.Text.Json;
using KaTrace.Events;
using KaTrace.Explaining;
using KaTrace.Hosts;
using KaTrace.Knobs;
using KaTrace.Output;
using KaTrace.Processes;
using KaTrace.Sockets;
using KaTrace.Tests.Sockets;

namespace KaTrace.Tests.Explaining;

/// <summary>What is said of a socket, by its state and settings.</summary>
public sealed class ExplanationTests
{
    private readonly MadeUpHost _host = new();

    [Fact]
    public void A_server_s_side_without_keepalive_never_notices_and_has_a_knob()
    {
        int socket = _host.Accept(_host.Listen(_host.Process(520, "redis-server"), "0.0.0.0:6379"), "10.0.0.9:40000");
        Dictionary<string, string> said = Said(socket);

        Assert.StartsWith("off", said["keepalive"], StringComparison.Ordinal);
        Assert.StartsWith("never noticed", said["dead peer"], StringComparison.Ordinal);
        Assert.Contains("tcp-keepalive 60 in redis.conf", said["to turn it on"], StringComparison.Ordinal);
        Assert.StartsWith("redis-server[520] fd ", said["owner"], StringComparison.Ordinal);
        Assert.Contains("unknown", said["other side"], StringComparison.Ordinal);
        Assert.DoesNotContain("next probe", said.Keys);
    }

    [Fact]
    public void A_peer_elsewhere_whose_probes_come_in_has_keepalive_on()
    {
        int socket = _host.Accept(_host.Listen(_host.Process(520, "redis-server"), "0.0.0.0:6379"), "10.0.0.9:40000", (ref SocketRow row) =>
        {
            row.Flags |= SocketFlags.Probed;
            row.Probed = 12 * Rows.Hz;
        });
        Assert.Contains("has keepalive on: an empty segment from before the window came in 12 s ago", Said(socket)["other side"], StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_are_told_with_their_origin()
    {
        int socket = Connect((ref row) => (row.Idle, row.Own) = (MadeUpHost.Seconds(60), KeepaliveSettings.Idle));
        Assert.Equal("idle 60 s (set on the socket), interval 75 s (sysctl), count 9 (sysctl), no user timeout", Said(socket)["settings"]);
    }

    [Fact]
    public void A_dead_peer_is_noticed_by_the_arithmetic_of_the_kernel_with_its_coarseness()
    {
        int socket = Connect((ref row) => (row.Idle, row.Intvl, row.Cnt) = (MadeUpHost.Seconds(60), MadeUpHost.Seconds(20), 3));
        Assert.StartsWith("noticed 2 m after it was last heard: 60 s + 3 × 20 s (at most 8.1 s later", Said(socket)["dead peer"], StringComparison.Ordinal); // 512 + 3 × 512 jiffies
    }

    [Fact]
    public void A_user_timeout_decides_instead_of_the_count()
    {
        int socket = Connect((ref row) => (row.Idle, row.Intvl, row.UserTimeout) = (MadeUpHost.Seconds(15), MadeUpHost.Seconds(15), 20_000));
        Assert.StartsWith("noticed 30 s after it was last heard: TCP_USER_TIMEOUT (20 s)", Said(socket)["dead peer"], StringComparison.Ordinal);
        Assert.Contains("the count of 9 is ignored", Said(socket)["dead peer"], StringComparison.Ordinal);
    }

    [Fact]
    public void While_data_is_unacknowledged_the_limit_of_retransmissions_of_its_namespace_decides()
    {
        int socket = Connect((ref row) =>
        {
            (row.PacketsOut, row.SendQueue, row.Retransmits) = (1, 5, 3);
            (row.OtherTimer, row.Flags) = (1, row.Flags | SocketFlags.OtherTimer | SocketFlags.Next);
        });
        HostSettings settings = new(new Dictionary<uint, NamespaceSettings> { [MadeUpHost.Netns] = new() { Retries = 8 } });
        Dictionary<string, string> said = Said(socket, settings);

        Assert.Contains("given up 1 m 42 s or more after the first retransmission, by the limit of retransmissions (tcp_retries2 = 8)", said["dead peer"], StringComparison.Ordinal);
        Assert.StartsWith("none while data waits", said["next probe"], StringComparison.Ordinal);
        Assert.Contains("not for keepalive", said["netstat, ss"], StringComparison.Ordinal);
    }

    [Fact]
    public void The_next_probe_is_told_with_those_that_went_unanswered()
    {
        int socket = Connect((ref row) =>
        {
            (row.Next, row.ProbesOut, row.Silent) = ((int)MadeUpHost.Seconds(12), 2, MadeUpHost.Seconds(95));
            row.Flags |= SocketFlags.Next;
        });
        Assert.Equal("in 12 s, unless the peer is heard before; the peer was last heard 1 m 35 s ago. 2 probes unanswered so far.", Said(socket)["next probe"]);
    }

    [Fact]
    public void The_other_side_is_told_where_it_is_on_this_host()
    {
        int socket = Connect((ref row) => { });
        int other = _host.Connect(_host.Process(700, "python3"), "10.0.0.9:5000", "10.0.0.5:40000", (ref row) => row.Flags |= SocketFlags.Keepalive);
        _host.Join(socket, other);
        Assert.StartsWith("on this host, python3[700], inode:1001: keepalive on, idle 7200 s (sysctl)", Said(socket)["other side"], StringComparison.Ordinal);
    }

    [Fact]
    public void A_listener_says_what_its_children_inherit_and_what_they_have()
    {
        int listener = _host.Listen(_host.Process(520, "worker"), "0.0.0.0:80", (ref row) => row.Flags |= SocketFlags.Keepalive);
        _host.Accept(listener, "10.0.0.9:40000", (ref row) => row.Flags |= SocketFlags.Keepalive);
        _host.Accept(listener, "10.0.0.9:40001");
        Dictionary<string, string> said = Said(listener);

        Assert.Contains("begins with keepalive on", said["keepalive"], StringComparison.Ordinal);
        Assert.Equal("2 connections came in by it, 1 with keepalive on, 1 without.", said["children"]);
        Assert.Contains("that is not the option", said["netstat, ss"], StringComparison.Ordinal);
        Assert.DoesNotContain("dead peer", said.Keys);
    }

    [Fact]
    public void An_orphan_in_FIN_WAIT2_shows_keepalive_in_other_tools_without_having_it()
    {
        int socket = _host.Connect(null, "10.0.0.5:40000", "10.0.0.9:5000", (ref row) => (row.State, row.Flags) = (TcpState.FinWait2, SocketFlags.Orphan | SocketFlags.Next));
        Dictionary<string, string> said = Said(socket);

        Assert.Contains("though it is off", said["netstat, ss"], StringComparison.Ordinal);
        Assert.Contains("tcp_fin_timeout", said["dead peer"], StringComparison.Ordinal);
        Assert.StartsWith("none any more", said["owner"], StringComparison.Ordinal);
    }

    [Fact]
    public void A_connection_in_TIME_WAIT_has_no_settings_any_more()
    {
        int socket = _host.Connect(null, "10.0.0.5:40000", "10.0.0.9:5000", (ref row) => row.State = TcpState.TimeWait);
        Assert.DoesNotContain("settings", Said(socket).Keys);
    }

    [Fact]
    public void A_hostile_name_reaches_no_terminal()
    {
        int socket = _host.Connect(_host.Process(520, "evil\e[31m\u202e"), "10.0.0.5:40000", "10.0.0.9:5000");
        WrappedText text = new(width: 0);
        ExplanationText.Append(text, in _host.Table.Rows[socket], View());
        foreach (string line in text.ToString().TrimEnd('\n').Split('\n').Append(ExplanationText.Line(in _host.Table.Rows[socket], View())))
            SafeText.AssertSafe(Encoding.UTF8.GetBytes(line));
    }

    [Fact]
    public void JSON_has_the_facts_and_the_sentences()
    {
        int socket = Connect((ref row) => (row.Idle, row.Own) = (MadeUpHost.Seconds(60), KeepaliveSettings.Idle));
        ArrayBufferWriter<byte> output = new();
        ExplanationJson.Write(output, in _host.Table.Rows[socket], View());
        using JsonDocument json = JsonDocument.Parse(output.WrittenMemory);
        JsonElement root = json.RootElement;

        Assert.Equal("ESTABLISHED", root.GetProperty("state").GetString());
        Assert.True(root.GetProperty("keepaliveOn").GetBoolean());
        Assert.Equal(60 + 9 * 75, root.GetProperty("deadPeer").GetProperty("afterSeconds").GetDouble());
        Assert.Equal("PROBES", root.GetProperty("deadPeer").GetProperty("noticedBy").GetString());
        Assert.Equal("IDLE", Assert.Single(root.GetProperty("own").EnumerateArray()).GetString());
        Assert.Equal(520, root.GetProperty("holders")[0].GetProperty("pid").GetInt32());
        Assert.Equal("on.", root.GetProperty("text").GetProperty("keepalive").GetString());
    }

    [Theory]
    [InlineData("0e6f6c1e-27a3-4a6e-9b1c-3f0d5f7f6a11", true)]
    [InlineData(null, false)]
    public void Only_in_a_pod_its_own_sysctls_are_told(string? pod, bool isTold)
    {
        int socket = Connect((ref row) => row.Idle = MadeUpHost.Seconds(60));
        SocketProcess owner = _host.Table.Processes[0];
        ProcessDetails details = new() { Key = owner.Key, Comm = owner.Comm, PodUid = pod };
        HostView host = new() { Table = _host.Table, Programs = new ProgramLookup(new Dictionary<ProcessKey, ProcessDetails> { [owner.Key] = details }, _ => false) };
        Assert.Equal(isTold, Explanation.Of(in _host.Table.Rows[socket], host).Any(p => p.Text.Contains("securityContext.sysctls", StringComparison.Ordinal)));
    }

    private int Connect(MadeUpHost.Change change) => _host.Connect(_host.Process(520, "worker"), "10.0.0.5:40000", "10.0.0.9:5000", (ref row) =>
    {
        row.Flags |= SocketFlags.Keepalive;
        change(ref row);
        if ((row.Flags & SocketFlags.Next) == 0 && row.PacketsOut == 0)
            (row.Next, row.Flags) = ((int)row.Idle, row.Flags | SocketFlags.Next);
    });

    private HostView View(HostSettings? settings = null) => new() { Table = _host.Table, Settings = settings ?? HostSettings.Unknown };

    private Dictionary<string, string> Said(int socket, HostSettings? settings = null) =>
        Explanation.Of(in _host.Table.Rows[socket], View(settings)).ToDictionary(p => p.Label, p => p.Text);
}
