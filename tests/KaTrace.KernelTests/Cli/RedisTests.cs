using KaTrace.V1;
using static KaTrace.V1.Event.Types;

namespace KaTrace.KernelTests.Cli;

/// <summary>A program as it is deployed: who turned keepalive on, on which side of which connection.</summary>
public sealed class RedisTests
{
    [Fact]
    public void Each_side_of_each_connection_belongs_to_the_process_that_asked_for_keepalive()
    {
        KernelAccess.Require();
        ushort port = RedisProcess.FreePort();
        using RedisProcess server = RedisProcess.Server(port, keepaliveSeconds: 60);
        using KatraceProcess katrace = KatraceProcess.Stream("-o", "json", "--port", $"{port}");
        using RedisProcess cli = RedisProcess.Client(port);
        using PythonProcess python = new();
        python.Do($"""
            s = create_connection(('127.0.0.1', {port}))
            s.setsockopt(IPPROTO_TCP, TCP_KEEPIDLE, 30)
            s.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)
            s.sendall(b'PING\r\n')
            s.recv(7)
            """);
        ushort pythonPort = python.LocalPort("s");

        Event pythonArmed = katrace.WaitForEvent(e => e.Kind == Kind.Armed && e.Socket?.Local?.Port == pythonPort);
        AssertOwner(pythonArmed, python.Pid, "python3", idle: 30);
        // Redis, either side, turns keepalive on and then says how: the idle time comes with a later event.
        Event cliConfigured = katrace.WaitForEvent(e => e.Process?.Comm == "redis-cli" && e.Keepalive?.IdleSeconds < 7200);
        AssertOwner(cliConfigured, cli.Pid, "redis-cli", idle: 15); // REDIS_CLI_KEEPALIVE_INTERVAL of redis-cli.c
        Assert.All([pythonArmed, cliConfigured], e => Assert.Equal(port, e.Socket.Remote.Port));

        foreach (uint clientPort in (uint[])[cliConfigured.Socket.Local.Port, pythonPort])
        {
            Event armed = katrace.WaitForEvent(e => e.Kind == Kind.Armed && e.Socket?.Local?.Port == port && e.Socket?.Remote?.Port == clientPort);
            Event enabled = katrace.WaitForEvent(e => e.Kind == Kind.Enabled && e.Socket?.Inode == armed.Socket.Inode);
            Event configured = katrace.WaitForEvent(e => e.Socket?.Inode == armed.Socket.Inode && e.Keepalive?.IdleSeconds == 60);
            Assert.Equal(Enabled.Types.Cause.Setsockopt, enabled.Enabled.Cause);
            Assert.All([armed, enabled, configured], e =>
            {
                Assert.Equal((server.Pid, "redis-server"), (e.Process.Pid, e.Process.Comm));
                Assert.Equal("127.0.0.1", e.Socket.Remote.Address);
            });
        }
    }

    private static void AssertOwner(Event e, uint pid, string comm, uint idle)
    {
        Assert.Equal((pid, comm), (e.Process.Pid, e.Process.Comm));
        Assert.Equal(idle, e.Keepalive.IdleSeconds);
        Assert.Contains(comm, e.Process.CommandLine, StringComparison.Ordinal);
    }
}
