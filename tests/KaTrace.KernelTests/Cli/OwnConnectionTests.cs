using System.Net.Sockets;
using KaTrace.Events;
using KaTrace.Interop;
using KaTrace.KernelTests.Net;
using KaTrace.KernelTests.Stream;
using KaTrace.V1;
using static KaTrace.KernelTests.Net.KeepaliveSocket;
using Socket = System.Net.Sockets.Socket;

namespace KaTrace.KernelTests.Cli;

/// <summary>katrace's own connections are no news, unless asked for.</summary>
public sealed class OwnConnectionTests(TracedEvents traced)
{
    /// <summary>katrace opens none, so it is given one: Python connects, asks for probes each second, and becomes katrace.</summary>
    private const string ConnectAndBecome = """
        import os, sys
        from socket import *
        listener = create_server(('127.0.0.1', 0))
        client = create_connection(listener.getsockname())
        server = listener.accept()[0]
        for option, value in ((TCP_KEEPIDLE, 1), (TCP_KEEPINTVL, 1)):
            client.setsockopt(IPPROTO_TCP, option, value)
        client.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)
        client.set_inheritable(True)
        server.set_inheritable(True)
        os.execv(sys.argv[1], sys.argv[1:])
        """;

    [Fact]
    public void Own_connections_are_hidden()
    {
        using KatraceProcess katrace = StartWithConnection();
        ulong live = (ulong)Libc.ReadClock(Libc.CLOCK_MONOTONIC);
        traced.WaitFor(2, e => e.Tgid == katrace.Pid && e.Kind == EventKind.Probe && e.TimeNs > live);
        using Socket later = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        later.Set(SOL_SOCKET, SO_KEEPALIVE, 1);
        katrace.WaitForEvent(e => e.Socket?.Inode == later.Inode());

        Assert.Equal(0, katrace.Interrupt());
        Assert.DoesNotContain(katrace.AllEvents(), e => e.Process?.Pid == katrace.Pid);
        Assert.Matches("[1-9][0-9,]* hidden by filters", katrace.Errors.All()[^1]);
    }

    [Fact]
    public void Self_shows_them()
    {
        using KatraceProcess katrace = StartWithConnection("--self");

        Event probe = katrace.WaitForEvent(e => e.Process?.Pid == katrace.Pid);
        Assert.Equal(Event.Types.Kind.Probe, probe.Kind);
    }

    private static KatraceProcess StartWithConnection(params string[] flags)
    {
        KernelAccess.Require();
        return KatraceProcess.StartBy("python3", ["-c", ConnectAndBecome, KatraceProcess.Executable, "stream", "-o", "json", .. flags]).Live();
    }
}
