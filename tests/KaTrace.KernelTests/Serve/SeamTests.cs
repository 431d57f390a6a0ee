using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using KaTrace.Client;
using KaTrace.KernelTests.Net;
using KaTrace.V1;
using static KaTrace.KernelTests.Net.KeepaliveSocket;
using Socket = System.Net.Sockets.Socket;

namespace KaTrace.KernelTests.Serve;

/// <summary>Snapshot and events together are the state, whenever the stream begins.</summary>
public sealed class SeamTests : IDisposable
{
    private const int MostConnections = 40;

    /// <summary>KATRACE_TEST_CHURN_SECONDS=60 is the long run.</summary>
    private static readonly TimeSpan Churn = TimeSpan.FromSeconds(int.Parse(Environment.GetEnvironmentVariable("KATRACE_TEST_CHURN_SECONDS") ?? "4", CultureInfo.InvariantCulture));

    private readonly Random _random = new(1);
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<(Socket Client, Socket Server)> _pairs = [];
    private readonly CancellationTokenSource _deadline = new(Churn + Pace.Deadline(60));

    [Fact]
    public async Task State_by_the_stream_equals_the_list_at_any_time_under_churn()
    {
        using AgentProcess agent = AgentProcess.Start();
        await using KatraceConnection connection = agent.Connect();
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(MostConnections);
        FilterList ours = new() { AllowList = { new Filter { RemotePort = { _listener.LocalPort() } } } };

        Stopwatch churned = Stopwatch.StartNew();
        int streams = 0, comparisons = 0;
        while (churned.Elapsed < Churn)
        {
            // The stream begins in the midst of it.
            Task churn = Task.Run(() => Change(200));
            ConnectionStates states = new(connection, new StreamEventsRequest { Snapshot = true, Filters = ours }, _deadline.Token);
            await churn;
            for (int i = 0; i < 5; i++, comparisons++)
            {
                await states.UntilEqualAsync(() => ListAsync(connection, ours));
                Change(50);
            }

            await states.DisposeAsync();
            streams++;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{streams} streams, {comparisons} comparisons");
        Assert.InRange(comparisons, 5, int.MaxValue);
    }

    public void Dispose()
    {
        foreach ((Socket client, Socket server) in _pairs)
        {
            client.Dispose();
            server.Dispose();
        }

        _listener.Dispose();
        _deadline.Dispose();
    }

    private void Change(int times)
    {
        for (int i = 0; i < times; i++)
        {
            int what = _random.Next(6);
            if (_pairs.Count == 0 || (what == 0 && _pairs.Count < MostConnections))
            {
                Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                client.Connect(_listener.LocalEndPoint!);
                _pairs.Add((client, _listener.Accept()));
                continue;
            }

            (Socket Client, Socket Server) pair = _pairs[_random.Next(_pairs.Count)];
            if (what == 1)
            {
                pair.Client.LingerState = new LingerOption(true, 0); // no TIME_WAIT
                pair.Client.Dispose();
                pair.Server.Dispose();
                _pairs.Remove(pair);
            }
            else if (what == 2)
            {
                pair.Client.Set(SOL_TCP, TCP_KEEPIDLE, _random.Next(100, 10_000));
            }
            else
            {
                pair.Client.Set(SOL_SOCKET, SO_KEEPALIVE, what % 2);
            }
        }
    }

    private static async Task<Dictionary<uint, uint>> ListAsync(KatraceConnection connection, FilterList filters)
    {
        Dictionary<uint, uint> listed = [];
        using AsyncServerStreamingCall<ListConnectionsResponse> call = connection.Service.ListConnections(
            new ListConnectionsRequest { Filters = filters, KeepaliveOn = true, States = { V1.Socket.Types.State.Established } });
        while (await call.ResponseStream.MoveNext(default))
        {
            foreach (Connection one in call.ResponseStream.Current.Connections)
                listed.Add(one.Socket.Local.Port, one.Keepalive.IdleSeconds);
        }

        return listed;
    }
}
