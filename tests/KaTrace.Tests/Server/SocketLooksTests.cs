using System.Collections.Concurrent;
using System.Diagnostics;
using Grpc.Core;
using KaTrace.Client;
using KaTrace.Server.Hosting;
using KaTrace.Server.Streaming;
using KaTrace.Sockets;
using KaTrace.Tests.Sockets;
using KaTrace.V1;

namespace KaTrace.Tests.Server;

public sealed class SocketLooksTests
{
    private static readonly TimeSpan TakenWithin = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task Clients_that_take_nothing_hold_few_tables_and_not_for_ever()
    {
        await using TestAgent agent = await TestAgent.StartAsync(options: a => new ServerOptions { Listen = [ListenAddress.Parse($"unix:{a.SocketPath}")], ListTakenWithin = TakenWithin });
        ConcurrentQueue<long> looks = [];
        agent.Sockets = () =>
        {
            looks.Enqueue(Stopwatch.GetTimestamp());
            return Table();
        };
        await using KatraceConnection connection = agent.Connect();
        AsyncServerStreamingCall<ListConnectionsResponse>[] idle =
            [.. Enumerable.Range(0, SocketLooks.AtATime).Select(_ => connection.Service.ListConnections(new ListConnectionsRequest()))];
        foreach (AsyncServerStreamingCall<ListConnectionsResponse> call in idle)
            Assert.True(await call.ResponseStream.MoveNext(default));

        using AsyncServerStreamingCall<ListConnectionsResponse> reader = connection.Service.ListConnections(new ListConnectionsRequest());
        int connections = 0;
        await foreach (ListConnectionsResponse response in reader.ResponseStream.ReadAllAsync())
            connections += response.Connections.Count;

        Assert.Equal(Table().Rows.Length, connections);
        long[] times = [.. looks];
        Assert.Equal(SocketLooks.AtATime + 1, times.Length);
        Assert.True(Stopwatch.GetElapsedTime(times[0], times[^1]) > TakenWithin * 0.9, "the fifth did not wait");
        foreach (AsyncServerStreamingCall<ListConnectionsResponse> call in idle)
        {
            RpcException refused = await Assert.ThrowsAsync<RpcException>(async () => await call.ResponseStream.ReadAllAsync().CountAsync());
            Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
            Assert.StartsWith("the connections were not taken within 3 s", refused.Status.Detail, StringComparison.Ordinal);
            call.Dispose();
        }
    }

    /// <summary>More than what lies between a server and a client that does not read.</summary>
    private static SocketTable Table() => Rows.Table([.. Enumerable.Range(1, 10_000).Select(i => Rows.Connection("10.0.0.1", (ushort)i, "10.0.0.2", 6379))]);
}
