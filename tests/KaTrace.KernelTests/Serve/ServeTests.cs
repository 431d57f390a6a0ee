using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Grpc.Core;
using KaTrace.Client;
using KaTrace.KernelTests.Cli;
using KaTrace.KernelTests.Net;
using KaTrace.V1;
using static KaTrace.KernelTests.Net.KeepaliveSocket;
using Socket = System.Net.Sockets.Socket;

namespace KaTrace.KernelTests.Serve;

/// <summary>The agent as a process, with this kernel below and real clients above.</summary>
public sealed class ServeTests
{
    /// <summary>100 ms in the native build. Here what runs for the first time is compiled for the first time.</summary>
    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(300);

    private static CancellationToken Deadline => new CancellationTokenSource(Pace.Deadline(30)).Token;

    [Fact]
    public async Task A_client_receives_what_the_kernel_does()
    {
        using AgentProcess agent = AgentProcess.Start();
        await using KatraceConnection connection = agent.Connect();
        await using IAsyncEnumerator<StreamEventsResponse> stream = connection.ResponsesAsync(new StreamEventsRequest(), null, Deadline).GetAsyncEnumerator();
        Assert.True(await stream.MoveNextAsync());

        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Set(SOL_SOCKET, SO_KEEPALIVE, 1);

        Event enabled = await NextAsync(stream, e => e.Socket?.Inode == socket.Inode());
        Assert.Equal((Event.Types.Kind.Enabled, (uint)Environment.ProcessId), (enabled.Kind, enabled.Process.Pid));
    }

    [Fact]
    public async Task Streams_end_with_UNAVAILABLE_as_soon_as_the_agent_gets_SIGTERM()
    {
        using AgentProcess agent = AgentProcess.Start();
        await using KatraceConnection connection = agent.Connect();
        using AsyncServerStreamingCall<StreamEventsResponse> call = connection.Service.StreamEvents(new StreamEventsRequest());
        Assert.True(await call.ResponseStream.MoveNext(default));

        Stopwatch since = Stopwatch.StartNew();
        agent.Process.Signal(KatraceProcess.SIGTERM);
        RpcException end = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(default));
        TimeSpan ended = since.Elapsed;

        Assert.Equal((StatusCode.Unavailable, "the agent stops"), (end.StatusCode, end.Status.Detail));
        Assert.InRange(ended, TimeSpan.Zero, AtOnce * Pace.Slowness);
        Assert.Equal(0, agent.Process.WaitForExit());
        Assert.False(File.Exists(agent.SocketPath));
    }

    [Fact]
    public async Task The_agent_compares_the_probes_that_it_saw_with_those_that_the_kernel_counted()
    {
        using AgentProcess agent = AgentProcess.Start();
        await using KatraceConnection connection = agent.Connect();
        await using IAsyncEnumerator<StreamEventsResponse> stream = connection.ResponsesAsync(new StreamEventsRequest(), null, Deadline).GetAsyncEnumerator();
        Assert.True(await stream.MoveNextAsync());
        using Pair pair = Pair.Unprobed();
        pair.Client.SetKeepalive(idle: 1, interval: 1, count: 9);
        await NextAsync(stream, e => e.Kind == Event.Types.Kind.Probe && e.Socket.Netns == pair.Left.Inode);

        agent.Process.Signal(KatraceProcess.SIGTERM);

        Assert.Equal(0, agent.Process.WaitForExit());
        Match coverage = Regex.Match(agent.Process.Errors.All()[^1], @"; (\d+)(\.\d)? % of (\d+) probes seen, by the kernel's own count$");
        Assert.True(coverage.Success, agent.Process.Errors.All()[^1]);
        Assert.InRange(int.Parse(coverage.Groups[1].ValueSpan, CultureInfo.InvariantCulture), 1, 100);
        Assert.InRange(int.Parse(coverage.Groups[3].ValueSpan, CultureInfo.InvariantCulture), 1, int.MaxValue);
    }

    [Fact]
    public void Katrace_stream_shows_the_agents_events_and_goes_on_after_a_crash()
    {
        using AgentProcess agent = AgentProcess.Start();
        using KatraceProcess stream = KatraceProcess.Start("stream", "--server", agent.Address, "-o", "json");
        stream.Errors.WaitForLine(line => line.StartsWith("katrace: live from ", StringComparison.Ordinal));
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Set(SOL_SOCKET, SO_KEEPALIVE, 1);
        stream.WaitForEvent(e => e.Socket?.Inode == socket.Inode() && e.Kind == Event.Types.Kind.Enabled);

        agent.Process.Signal(KatraceProcess.SIGKILL);
        stream.Errors.WaitForLine(line => line.Contains("broke", StringComparison.Ordinal));
        agent.StartAgain();
        stream.Errors.WaitForLine(line => line == "katrace: the agent was started anew: what happened while it did not run is not known");
        socket.Set(SOL_SOCKET, SO_KEEPALIVE, 0);

        stream.WaitForEvent(e => e.Socket?.Inode == socket.Inode() && e.Kind == Event.Types.Kind.Disabled);
        Assert.Equal(0, stream.Interrupt());
    }

    [Fact]
    public void A_server_that_is_not_there_is_one_sentence()
    {
        using KatraceProcess stream = KatraceProcess.Start("stream", "--server", "unix:/nowhere/katrace.sock");

        Assert.Equal(1, stream.WaitForExit());
        Assert.StartsWith("katrace: cannot reach the agent at unix:/nowhere/katrace.sock: ", Assert.Single(stream.Errors.All()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_user_outside_of_the_socket_s_group_is_refused()
    {
        using AgentProcess agent = AgentProcess.Start();

        (int exitCode, _, string error) = StreamAsNobody("--clear-groups", agent);

        Assert.Equal(1, exitCode);
        Assert.Contains("Permission denied", error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_mode_of_the_socket_is_not_all_that_keeps_others_out()
    {
        using AgentProcess agent = AgentProcess.Start();
        File.SetUnixFileMode(agent.SocketPath, (UnixFileMode)0b110_110_110);

        (int exitCode, _, string _) = StreamAsNobody("--clear-groups", agent);

        Assert.Equal(1, exitCode);
        agent.Process.Errors.WaitForLine(line => line.StartsWith("katrace: refused process ", StringComparison.Ordinal) && line.Contains("of user 65534", StringComparison.Ordinal));
    }

    [Fact]
    public void A_member_of_the_socket_s_group_is_let_in()
    {
        using AgentProcess agent = AgentProcess.Start("--socket-group", "65533");

        (int exitCode, _, string error) = StreamAsNobody("--groups=65533", agent);

        Assert.True(exitCode == 0, error);
    }

    [Theory]
    [InlineData("bad address 'nowhere'", "--listen", "nowhere")]
    [InlineData("0.0.0.0:4242 would serve other hosts without TLS", "--listen", "0.0.0.0:4242")]
    [InlineData("--tls-key-file is missing", "--tls-cert-file", "/tmp/a.pem")]
    [InlineData("bad size '1K'", "--history", "1K")]
    [InlineData("bad group 'nobody-of-that-name'", "--socket-group", "nobody-of-that-name")]
    public void A_mistake_is_one_sentence_and_exit_2(string sentence, params string[] flags)
    {
        using KatraceProcess katrace = KatraceProcess.Start(["serve", .. flags]);

        Assert.Equal(2, katrace.WaitForExit());
        Assert.Contains(sentence, Assert.Single(katrace.Errors.All()), StringComparison.Ordinal);
    }

    private static async Task<Event> NextAsync(IAsyncEnumerator<StreamEventsResponse> stream, Func<Event, bool> fits)
    {
        while (await stream.MoveNextAsync())
        {
            if ((stream.Current.Events?.Events ?? []).FirstOrDefault(fits) is { } found)
                return found;
        }

        throw new TimeoutException("the event did not come");
    }

    /// <summary>Needs a tree that others than its owner can read.</summary>
    private static (int ExitCode, string Output, string Error) StreamAsNobody(string groups, AgentProcess agent) =>
        Shell.TryRun("setpriv", "--reuid=65534", "--regid=65534", groups, KatraceProcess.Executable, "stream", "--server", agent.Address, "--no-follow");
}
