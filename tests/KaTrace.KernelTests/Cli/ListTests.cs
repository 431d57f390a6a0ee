using System.Net.Sockets;
using Google.Protobuf;
using KaTrace.KernelTests.Net;
using KaTrace.V1;
using static KaTrace.KernelTests.Net.KeepaliveSocket;
using Socket = System.Net.Sockets.Socket;

namespace KaTrace.KernelTests.Cli;

/// <summary><c>katrace list</c> as a user runs it.</summary>
public sealed class ListTests
{
    [Fact]
    public void A_table_shows_both_sides_of_a_connection_and_what_stands_out_below()
    {
        using Pair pair = Pair.Unprobed();
        pair.Client.SetKeepalive(idle: 60, interval: 75, count: 9);
        (string[] lines, string[] errors) = Run("list", "--netns", pair.Left.Name, "--netns", pair.Right.Name);

        string[] heading = lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("STATE LADDR LPORT RADDR RPORT KA IDLE INTVL CNT UTO NEXT UNANS SILENT PEER PID COMM".Split(' '), heading);
        Assert.Equal(3, lines.Length);
        string[] client = Assert.Single(lines, line => line.Contains($" 10.9.0.2 {pair.ServerPort,5} ", StringComparison.Ordinal) && line.Contains(" on ", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["ESTABLISHED", "10.9.0.1", $"{pair.ClientPort}", "10.9.0.2", $"{pair.ServerPort}", "on", "60", "75", "9", "-"], client[..10]);
        Assert.EndsWith($"[{Environment.ProcessId}]:off", client[13], StringComparison.Ordinal);
        Assert.Contains("2 sockets: 2 connections, keepalive on 1, off 1", errors);
    }

    [Theory]
    [InlineData(1, "-l")]
    [InlineData(2)]
    [InlineData(3, "-a")]
    [InlineData(3, "-tnap")]
    [InlineData(1, "--keepalive", "on")]
    [InlineData(1, "--state", "listening")]
    [InlineData(2, "state connected")]
    [InlineData(0, "dst 10.9.0.2 and not state established")]
    [InlineData(1, "dst", "10.9.0.2")]
    [InlineData(0, "--not", "-4")]
    public void Flags_of_ss_and_netstat_select_as_they_do_there(int sockets, params string[] arguments)
    {
        using Pair pair = Pair.Unprobed();
        pair.Client.Set(SOL_SOCKET, SO_KEEPALIVE, 1);
        (string[] lines, _) = Run(["list", .. arguments, "-H", "--netns", pair.Left.Name, "--netns", pair.Right.Name]);

        Assert.Equal(sockets, lines.Length);
    }

    [Fact]
    public void A_JSON_line_is_the_message_of_the_contract_with_process_and_command_line()
    {
        using NetworkNamespace ns = new();
        using PythonProcess python = new(ns.Name);
        python.Do("l = socket(); l.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1); l.bind(('127.0.0.1', 0)); l.listen(9)");
        python.Do("c = create_connection(l.getsockname()); s = l.accept()[0]; c.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1); s.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 0)");
        (string[] lines, string[] errors) = Run("list", "-a", "-o", "json", "-p", $"{python.Pid}");

        Connection[] connections = [.. lines.Select(JsonParser.Default.Parse<Connection>)];
        Assert.Empty(errors);
        Assert.Equal(3, connections.Length);
        Assert.All(connections, c => Assert.Equal((python.Pid, "python3"), (c.Process.Pid, c.Process.Comm)));
        Assert.All(connections, c => Assert.Contains("python3 -c", c.Process.CommandLine, StringComparison.Ordinal));
        Connection client = Assert.Single(connections, c => c.Socket.Inode == python.Inode("c"));
        Assert.Equal((true, false, python.Inode("s")), (client.Keepalive.On, client.Peer.KeepaliveOn, client.Peer.Inode));
        Connection server = Assert.Single(connections, c => c.Socket.Inode == python.Inode("s"));
        Assert.Equal((false, true, python.Inode("l")), (server.Keepalive.On, server.Listener.KeepaliveOn, server.Listener.Inode));
    }

    [Fact]
    public void A_name_that_drives_a_terminal_is_shown_escaped_in_every_format()
    {
        using NetworkNamespace ns = new();
        using PythonProcess python = new(ns.Name);
        python.Do(@"s = socket(); open('/proc/self/comm', 'wb').write(b'\x1b[31m\n,""x')");
        foreach (string format in (string[])["table", "wide", "csv", "json"])
        {
            (string[] lines, _) = Run("list", "-a", "-H", "-o", format, "-p", $"{python.Pid}");
            string line = Assert.Single(lines);
            Assert.DoesNotContain('\x1b', line);
            Assert.Contains("[31m", line, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Without_privilege_one_sentence_says_what_is_missing()
    {
        using KatraceProcess katrace = KatraceProcess.StartUnprivileged("list");

        Assert.Equal(1, katrace.WaitForExit());
        Assert.Empty(katrace.Output.All());
        Assert.Contains("missing CAP_BPF", Assert.Single(katrace.Errors.All()), StringComparison.Ordinal);
    }

    private static (string[] Lines, string[] Errors) Run(params string[] arguments)
    {
        KernelAccess.Require();
        using KatraceProcess katrace = KatraceProcess.Start(arguments);
        Assert.Equal(0, katrace.WaitForExit());
        return (katrace.Output.All(), katrace.Errors.All());
    }
}
