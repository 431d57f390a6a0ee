using System.Diagnostics;
using Grpc.Core;
using KaTrace.Client;
using KaTrace.V1;

namespace KaTrace.Tests.Server;

/// <summary>No subscriber can hurt another, or the agent.</summary>
public sealed class SlowSubscriberTests
{
    private const ulong Count = 60_000;

    [Fact]
    public async Task One_that_does_not_read_loses_its_oldest_events_and_is_told_exactly_how_many()
    {
        await using TestAgent agent = await TestAgent.StartAsync(historyBytes: 4 << 20);
        await using KatraceConnection connection = agent.Connect();
        using AsyncServerStreamingCall<StreamEventsResponse> stopped = connection.Service.StreamEvents(new StreamEventsRequest());
        await LiveAsync(stopped);

        await HappenAsync(agent);

        (ulong received, ulong lost) = await CountAsync(stopped);
        Assert.InRange(lost, 1ul, Count);
        Assert.Equal(Count, received + lost);
    }

    [Fact]
    public async Task Others_lose_nothing_meanwhile()
    {
        await using TestAgent agent = await TestAgent.StartAsync(historyBytes: 64 << 20);
        await using KatraceConnection stoppedConnection = agent.Connect(), connection = agent.Connect();
        using AsyncServerStreamingCall<StreamEventsResponse> stopped = stoppedConnection.Service.StreamEvents(new StreamEventsRequest());
        await LiveAsync(stopped);
        AsyncServerStreamingCall<StreamEventsResponse>[] others = [.. Enumerable.Range(0, 9).Select(_ => connection.Service.StreamEvents(new StreamEventsRequest()))];
        foreach (AsyncServerStreamingCall<StreamEventsResponse> other in others)
            await LiveAsync(other);

        Task<(ulong Received, ulong Lost)>[] counts = [.. others.Select(CountAsync)];
        await HappenAsync(agent);

        foreach ((ulong received, ulong lost) in await Task.WhenAll(counts).WaitAsync(TimeSpan.FromSeconds(60)))
            Assert.Equal((Count, 0ul), (received, lost));
    }

    [Fact]
    public async Task The_log_takes_no_more_memory_than_it_may()
    {
        await using TestAgent agent = await TestAgent.StartAsync(historyBytes: 4 << 20);
        await HappenAsync(agent);

        Assert.InRange(agent.Log.TakenBytes, 1L, 4L << 20);
    }

    [Fact]
    public async Task Status_says_who_is_behind_and_what_it_has_lost()
    {
        await using TestAgent agent = await TestAgent.StartAsync(historyBytes: 4 << 20);
        await using KatraceConnection connection = agent.Connect();
        using AsyncServerStreamingCall<StreamEventsResponse> stopped = connection.Service.StreamEvents(new StreamEventsRequest());
        await LiveAsync(stopped);
        await HappenAsync(agent);

        GetStatusResponse status = await connection.Service.GetStatusAsync(new GetStatusRequest());

        Subscriber subscriber = Assert.Single(status.Subscribers);
        Assert.Equal($"pid {Environment.ProcessId} uid {(Environment.IsPrivilegedProcess ? 0 : subscriber.Peer.Split(' ')[^1])}", subscriber.Peer);
        Assert.InRange(subscriber.Behind, 1ul, Count);
        Assert.Equal(Count, status.Events);
        Assert.Equal(Count - status.History.Oldest.Sequence + 1, status.History.Events);
    }

    private static async Task LiveAsync(AsyncServerStreamingCall<StreamEventsResponse> call)
    {
        Assert.True(await call.ResponseStream.MoveNext(default).WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal(StreamEventsResponse.ContentOneofCase.Live, call.ResponseStream.Current.ContentCase);
    }

    /// <summary>More than the history and what lies between holds, and as fast as it can.</summary>
    private static async Task HappenAsync(TestAgent agent)
    {
        for (ulong made = 0; made < Count; made += 500)
        {
            agent.Happen(500);
            await Task.Yield();
        }
    }

    private static async Task<(ulong Received, ulong Lost)> CountAsync(AsyncServerStreamingCall<StreamEventsResponse> call)
    {
        ulong received = 0, lost = 0;
        Stopwatch waited = Stopwatch.StartNew();
        for (ulong last = 0; last < Count && waited.Elapsed.TotalSeconds < 60 && await call.ResponseStream.MoveNext(default); last = call.ResponseStream.Current.Sequence)
        {
            foreach (Event e in call.ResponseStream.Current.Events?.Events ?? [])
            {
                received += e.Kind == Event.Types.Kind.Lost ? 0u : 1u;
                lost += e.Lost is { Place: Lost.Types.Place.Subscriber } told ? told.Count : 0;
            }
        }

        return (received, lost);
    }
}
