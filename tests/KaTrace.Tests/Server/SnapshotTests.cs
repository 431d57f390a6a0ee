using Grpc.Core;
using KaTrace.Client;
using KaTrace.Events;
using KaTrace.Sockets;
using KaTrace.Tests.Sockets;
using KaTrace.V1;
using Socket = KaTrace.V1.Socket;

namespace KaTrace.Tests.Server;

public sealed class SnapshotTests
{
    [Fact]
    public async Task All_sockets_are_listed_unless_less_is_asked_for()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        agent.Sockets = () => Rows.Table(
        [
            Rows.Connection("10.0.0.5", 1, "10.0.0.9", 5432).With(SocketFlags.Keepalive), Rows.Connection("10.0.0.5", 2, "10.0.0.9", 5432),
            Rows.Listener("::", 3), Rows.Connection("10.0.0.5", 4, "10.0.0.9", 80).InState(TcpState.TimeWait),
        ]);

        Assert.Equal((uint[])[1u, 2, 3, 4], await ListAsync(agent, new ListConnectionsRequest()));
        Assert.Equal((uint[])[3u], await ListAsync(agent, new ListConnectionsRequest { States = { Socket.Types.State.Listen } }));
        Assert.Equal((uint[])[1u], await ListAsync(agent, new ListConnectionsRequest { KeepaliveOn = true }));
        Assert.Equal((uint[])[2u, 3], await ListAsync(agent, new ListConnectionsRequest { KeepaliveOn = false }));
        Assert.Equal((uint[])[1u, 2], await ListAsync(agent, new ListConnectionsRequest { Filters = new FilterList { AllowList = { new Filter { RemotePort = { 5432 } } } } }));
    }

    [Fact]
    public async Task A_long_list_comes_in_parts_that_every_client_takes()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        agent.Sockets = () => Rows.Table([.. Enumerable.Range(1, 20_000).Select(i => Rows.Connection("10.0.0.5", (ushort)i, "10.0.0.9", 5432))]);

        Assert.Equal(20_000, (await ListAsync(agent, new ListConnectionsRequest())).Length);
    }

    [Fact]
    public async Task A_state_that_does_not_exist_is_refused()
    {
        await using TestAgent agent = await TestAgent.StartAsync();

        RpcException refused = await Assert.ThrowsAsync<RpcException>(() => ListAsync(agent, new ListConnectionsRequest { States = { (Socket.Types.State)77 } }));

        Assert.Equal((StatusCode.InvalidArgument, "bad state 77: it is one of katrace.v1.Socket.State"), (refused.StatusCode, refused.Status.Detail));
    }

    [Fact]
    public async Task A_snapshot_has_the_connections_with_keepalive_and_what_happens_to_them_since()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        agent.Happen(2); // before, and so in the snapshot
        agent.Sockets = () =>
        {
            ulong now = agent.MonotonicNs;
            // Told while the sockets are looked at: one that happened before, and one that did not.
            agent.Happen(1, (raw, _) => raw with { TimeNs = now - 60_000_000_000 });
            agent.Happen(1, (raw, _) => raw with { TimeNs = now });
            return Rows.Table(
            [
                Rows.Connection("10.0.0.5", 1, "10.0.0.9", 5432).With(SocketFlags.Keepalive), Rows.Connection("10.0.0.5", 2, "10.0.0.9", 5432),
                Rows.Listener("::", 3).With(SocketFlags.Keepalive),
            ]);
        };

        await using Received received = Received.From(agent, new StreamEventsRequest { Snapshot = true });
        await received.LiveAsync();
        agent.Happen(1, (raw, _) => raw with { TimeNs = agent.MonotonicNs });
        Event[] events = await received.EventsAsync(2);

        Assert.Equal([1u], received.Responses[0].Connections.Connections.Select(c => c.Socket.Local.Port));
        Assert.Equal([4ul, 5], events.Select(e => e.Sequence));
    }

    [Fact]
    public async Task A_stream_that_began_with_a_snapshot_goes_on_without_another_when_the_server_comes_back()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        await using Received received = Received.From(agent, new StreamEventsRequest { Snapshot = true });
        await received.LiveAsync();

        await agent.StopAsync();
        await agent.StartServerAsync();
        agent.Happen(1, (raw, _) => raw with { TimeNs = RealtimeOffset.MonotonicNs });

        Assert.Single(await received.EventsAsync(1));
    }

    [Fact]
    public async Task A_snapshot_asks_its_connections_only_what_they_have()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        agent.Sockets = () => Rows.Table(
        [
            Rows.Connection("10.0.0.5", 1, "10.0.0.9", 5432).With(SocketFlags.Keepalive), Rows.Connection("10.0.0.5", 2, "10.0.0.9", 80).With(SocketFlags.Keepalive),
        ]);
        FilterList filters = new()
        {
            AllowList = { new Filter { Kind = { Event.Types.Kind.Probe }, RemotePort = { 5432 }, MinUnanswered = 3 } },
            DenyList = { new Filter { Kind = { Event.Types.Kind.Closed } } },
        };

        await using Received received = Received.From(agent, new StreamEventsRequest { Snapshot = true, Filters = filters });
        await received.LiveAsync();

        Assert.Equal([1u], received.Responses[0].Connections.Connections.Select(c => c.Socket.Local.Port));
    }

    private static async Task<uint[]> ListAsync(TestAgent agent, ListConnectionsRequest request)
    {
        await using KatraceConnection connection = agent.Connect();
        using AsyncServerStreamingCall<ListConnectionsResponse> call = connection.Service.ListConnections(request);
        List<uint> ports = [];
        while (await call.ResponseStream.MoveNext(default))
            ports.AddRange(call.ResponseStream.Current.Connections.Select(c => c.Socket.Local.Port));
        return [.. ports];
    }
}
