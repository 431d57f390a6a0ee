using System.Globalization;
using KaTrace.Client;

namespace KaTrace.Tests.Server;

/// <summary>The agent as a process of its own under load, with its memory. One after the other, as each takes the whole machine.</summary>
[Collection(nameof(LoadTests))]
[CollectionDefinition(nameof(LoadTests), DisableParallelization = true)]
public sealed class LoadTests(ITestOutputHelper output)
{
    private const int Rate = 100_000;

    /// <summary>Events that are made while those of before are read: with few processors to share, a reader may be behind by more
    /// than the history holds for no fault of the one that is stopped.</summary>
    private const int Slice = Rate / 2;

    /// <summary>KATRACE_TEST_STOPPED_SECONDS=60 is the long run.</summary>
    private static readonly int Seconds = int.Parse(Environment.GetEnvironmentVariable("KATRACE_TEST_STOPPED_SECONDS") ?? "5", CultureInfo.InvariantCulture);

    /// <summary>MiB: the history, and what a runtime takes that was not busy before.</summary>
    private const double MostGrowth = AgentProcess.HistoryMegabytes + 128;

    /// <summary>MiB for a call, its HTTP/2 stream and its share of a connection.</summary>
    private const double MostASubscriber = 0.25;

    [Fact]
    public async Task A_stopped_process_among_ten_loses_what_it_is_told_and_costs_nobody_anything()
    {
        int count = Rate * Seconds;
        await using AgentProcess agent = await AgentProcess.StartAsync();
        using StoppableClient stopped = await StoppableClient.StartAsync(agent.Unix);
        KatraceConnection[] connections = [.. Enumerable.Range(0, 9).Select(_ => agent.Connect(agent.Unix))];
        CountingClient[] others = [.. connections.Select(connection => new CountingClient(connection))];
        foreach (CountingClient other in others)
            await other.LiveAsync();

        stopped.Stop();
        agent.ForgetPeak();
        double before = agent.Memory().Now;
        using CancellationTokenSource deadline = new(TimeSpan.FromSeconds((4 * Seconds) + 60));
        TimeSpan took = TimeSpan.Zero;
        Task caughtUp = Task.CompletedTask;
        for (int made = 0; made < count;)
        {
            took += await agent.MakeAsync(Slice, Rate);
            made += Slice;
            await caughtUp;
            ulong soFar = (ulong)made;
            caughtUp = Task.WhenAll(others.Select(other => other.UntilAsync(soFar, deadline.Token)));
        }

        await caughtUp;
        (double after, double peak) = agent.Memory();
        stopped.Continue();
        (ulong received, ulong lost) = await stopped.CountAsync((ulong)count);

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count:N0} events in {took.TotalSeconds:0.0} s: the stopped one received {received:N0} and was told {lost:N0} lost; agent {before:0} MiB before, {after:0} after, {peak:0} at most, {agent.Memory().Now:0} when the stopped one had caught up"));
        Assert.All(others, other => Assert.Equal(((ulong)count, 0ul), (other.Received, other.Lost)));
        Assert.Equal((ulong)count, received + lost);
        Assert.InRange(lost, 1ul, (ulong)count);
        Assert.InRange(peak - before, 0, MostGrowth);
        foreach (CountingClient other in others)
            other.Dispose();
        foreach (KatraceConnection connection in connections)
            await connection.DisposeAsync();
    }

    /// <summary>Half on each transport; some share a connection with forty-nine others, a hundred share it with nobody.</summary>
    [Fact]
    public async Task A_thousand_subscribers_get_all_of_ten_thousand_events()
    {
        const int Count = 10_000;
        await using AgentProcess agent = await AgentProcess.StartAsync();
        KatraceConnection[] connections = [.. Enumerable.Range(0, 10).Select(_ => agent.Connect(agent.Unix)), .. Enumerable.Range(0, 8).Select(_ => agent.Connect(agent.Tcp))];
        KatraceConnection[] single = [.. Enumerable.Range(0, 100).Select(_ => agent.Connect(agent.Tcp))];
        double before = agent.Memory().Now;
        CountingClient[] all = [.. connections.SelectMany(connection => Enumerable.Range(0, 50).Select(_ => new CountingClient(connection))), .. single.Select(connection => new CountingClient(connection))];
        foreach (CountingClient one in all)
            await one.LiveAsync();
        double subscribed = agent.Memory().Now;

        using CancellationTokenSource deadline = new(TimeSpan.FromSeconds(120));
        Task[] counts = [.. all.Select(one => one.UntilAsync(Count, deadline.Token))];
        TimeSpan took = await agent.MakeAsync(Count, 2_000);
        await Task.WhenAll(counts);

        (double after, double peak) = agent.Memory();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{all.Length:N0} subscribers, {Count:N0} events each in {took.TotalSeconds:0.0} s: agent {before:0} MiB before they came, {subscribed:0} with them, {after:0} after, {peak:0} at most"));
        Assert.Equal(1_000, all.Length);
        Assert.All(all, one => Assert.Equal(((ulong)Count, 0ul), (one.Received, one.Lost)));
        Assert.InRange(peak - before, 0, MostGrowth + (all.Length * MostASubscriber));
        foreach (CountingClient one in all)
            one.Dispose();
        foreach (KatraceConnection connection in (KatraceConnection[])[.. connections, .. single])
            await connection.DisposeAsync();
    }
}
