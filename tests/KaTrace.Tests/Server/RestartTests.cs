using System.Diagnostics;
using Grpc.Core;
using KaTrace.Client;
using KaTrace.Events;
using KaTrace.Server.Hosting;
using KaTrace.Sockets;
using KaTrace.Tests.Sockets;
using KaTrace.V1;

namespace KaTrace.Tests.Server;

public sealed class RestartTests
{
    [Fact]
    public async Task Streams_end_at_once_with_UNAVAILABLE_when_the_agent_stops()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        await using KatraceConnection connection = agent.Connect();
        using AsyncServerStreamingCall<StreamEventsResponse> call = connection.Service.StreamEvents(new StreamEventsRequest());
        Assert.True(await call.ResponseStream.MoveNext(default));

        Stopwatch stopped = Stopwatch.StartNew();
        Task stop = agent.StopAsync();
        RpcException end = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(default));

        await stop;
        Assert.Equal((StatusCode.Unavailable, "the agent stops"), (end.StatusCode, end.Status.Detail));
        Assert.InRange(stopped.Elapsed.TotalSeconds, 0, 2); // 100 ms, on a machine that does nothing else: see the kernel tests
    }

    [Fact]
    public async Task A_client_goes_on_where_it_was_when_the_server_comes_back()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        await using Received received = Received.From(agent);
        await received.LiveAsync();
        agent.Happen(5);
        await received.EventsAsync(5);

        await agent.StopAsync();
        agent.Happen(5);
        await agent.StartServerAsync();
        agent.Happen(5);

        Assert.Equal(Enumerable.Range(1, 15).Select(i => (ulong)i), (await received.EventsAsync(15)).Select(e => e.Sequence));
        Assert.NotEmpty(received.Broken);
    }

    [Fact]
    public async Task A_client_that_has_a_snapshot_goes_on_behind_it()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        agent.Sockets = OneConnection;
        await using Received received = Received.From(agent, new StreamEventsRequest { Snapshot = true });
        await received.LiveAsync();

        await agent.StopAsync();
        await agent.StartServerAsync();
        agent.Happen(1, (raw, _) => raw with { TimeNs = RealtimeOffset.MonotonicNs });

        await received.EventsAsync(1);
        Assert.NotEmpty(received.Broken);
        Assert.Single(received.Responses, response => response.Connections is not null);
    }

    [Fact]
    public async Task A_client_that_has_the_snapshot_of_an_agent_that_is_no_more_gets_another()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        agent.Sockets = OneConnection;
        await using Received received = Received.From(agent, new StreamEventsRequest { Snapshot = true });
        await received.LiveAsync();

        await agent.StopAsync();
        await agent.StartAnewAsync();

        await received.UntilAsync(() => received.Responses.Count(response => response.Connections is not null) == 2, "another snapshot came");
        Assert.Equal(2, received.Responses.Select(response => response.InstanceId).Distinct().Count());
    }

    private static SocketTable OneConnection() => Rows.Table([Rows.Connection("10.0.0.5", 1, "10.0.0.9", 5432).With(SocketFlags.Keepalive)]);

    [Fact]
    public async Task The_socket_is_gone_when_the_agent_has_stopped()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        Assert.True(File.Exists(agent.SocketPath));

        await agent.StopAsync();

        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(agent.SocketPath)!));
    }

    [Fact]
    public async Task The_socket_is_for_owner_and_group()
    {
        await using TestAgent agent = await TestAgent.StartAsync();

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite, File.GetUnixFileMode(agent.SocketPath));
    }

    [Fact]
    public async Task A_stale_socket_is_replaced()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        await agent.StopAsync();
        using (System.Net.Sockets.Socket killed = new(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified))
        {
            // Bound under another name, as .NET removes the one that it knows.
            killed.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(agent.SocketPath + ".1"));
            File.Move(agent.SocketPath + ".1", agent.SocketPath);
        }

        await agent.StartServerAsync();

        await using Received received = Received.From(agent);
        await received.LiveAsync();
    }

    [Fact]
    public async Task A_socket_on_which_another_agent_serves_is_left_alone()
    {
        await using TestAgent agent = await TestAgent.StartAsync();

        IOException taken = await Assert.ThrowsAnyAsync<IOException>(
            () => TestAgent.StartAsync(options: _ => new ServerOptions { Listen = [ListenAddress.Parse($"unix:{agent.SocketPath}")] }));

        Assert.Equal($"cannot listen on {agent.SocketPath}: another agent serves there; stop it, or choose another --listen", taken.Message);
        await using Received received = Received.From(agent);
        await received.LiveAsync();
    }

    [Fact]
    public async Task A_file_that_is_no_socket_is_left_alone()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        await agent.StopAsync();
        await File.WriteAllTextAsync(agent.SocketPath, "dear to somebody");

        IOException refused = await Assert.ThrowsAnyAsync<IOException>(agent.StartServerAsync);

        Assert.Equal($"cannot listen on {agent.SocketPath}: it is there, and is no socket", refused.Message);
        Assert.Equal("dear to somebody", await File.ReadAllTextAsync(agent.SocketPath));
    }

    [Fact]
    public async Task A_port_in_use_is_named()
    {
        await using TestAgent agent = await TestAgent.StartAsync(options: _ => new ServerOptions { Listen = [ListenAddress.Parse("127.0.0.1:0")] });
        string port = agent.Server.Addresses[0].Split(':')[^1];

        IOException refused = await Assert.ThrowsAnyAsync<IOException>(() => TestAgent.StartAsync(options: _ => new ServerOptions { Listen = [ListenAddress.Parse($"127.0.0.1:{port}")] }));

        Assert.StartsWith($"cannot listen on 127.0.0.1:{port}: an address is in use already", refused.Message, StringComparison.Ordinal);
    }
}
