using System.Diagnostics;
using Grpc.Core;
using KaTrace.Captures;
using KaTrace.Client;
using KaTrace.Events;
using KaTrace.Processes;
using KaTrace.Tests.Captures;
using KaTrace.Tests.Server;
using KaTrace.V1;

namespace KaTrace.Tests.Serving;

/// <summary><c>katrace serve --replay</c>: clients cannot tell a capture from this kernel, unless they ask.</summary>
public sealed class ServedCaptureTests
{
    private static readonly StreamEventsRequest All = new() { Last = ulong.MaxValue, NoFollow = true };

    [Theory]
    [InlineData("demo")]
    [InlineData("lossy")]
    [InlineData("kernel-5.10")]
    public async Task A_client_receives_what_was_seen_live(string name)
    {
        (byte[] bytes, string[] lines) = ServedCapture.Committed(name);
        await using ServedCapture served = await ServedCapture.StartAsync([bytes]);
        await using Received received = Received.From(served.Connect());
        await received.LiveAsync();

        Assert.Null(await served.ThroughAsync());
        Event[] events = await received.EventsAsync(lines.Length);

        Assert.Equal(lines.Select(Event.Parser.ParseJson), events);
    }

    [Fact]
    public async Task Who_comes_later_gets_what_is_kept()
    {
        (byte[] bytes, string[] lines) = ServedCapture.Committed("lossy");
        await using ServedCapture served = await ServedCapture.StartAsync([bytes]);
        await served.ThroughAsync();
        await using Received received = Received.From(served.Connect(), All);

        await received.EndAsync();

        Assert.Equal(lines.Select(Event.Parser.ParseJson), received.Events);
    }

    [Fact]
    public async Task Times_are_those_of_the_capture()
    {
        (byte[] bytes, string[] lines) = ServedCapture.Committed("demo");
        Event[] expected = [.. lines.Select(Event.Parser.ParseJson)];
        await using ServedCapture served = await ServedCapture.StartAsync([bytes]);
        await served.ThroughAsync();
        await using Received received = Received.From(served.Connect(), new StreamEventsRequest { Since = expected[10].Time, Until = expected[60].Time });

        await received.EndAsync();

        Assert.Equal(expected[10].Sequence, received.Events.First().Sequence);
        Assert.True(received.Events.Last().Time.ToDateTime() < expected[60].Time.ToDateTime());
    }

    [Fact]
    public async Task A_stream_that_follows_just_sees_no_more_until_the_log_is_complete()
    {
        (byte[] bytes, string[] lines) = ServedCapture.Committed("lossy");
        await using ServedCapture served = await ServedCapture.StartAsync([bytes]);
        await using Received received = Received.From(served.Connect());
        await received.LiveAsync();
        await served.ThroughAsync();
        await received.EventsAsync(lines.Length);
        Task ended = served.Server.StreamsEndedAsync();
        Assert.False(ended.IsCompleted);

        served.Agent.Log.Complete();

        await received.EndAsync();
        await ended.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Empty(received.Broken);
        Assert.Equal(lines.Length, received.Events.Count());
    }

    [Fact]
    public async Task The_original_timing_is_honoured()
    {
        KernelClock clock = new(Sample.Hz, 0);
        byte[] bytes = new Recorded().Write(Enumerable.Range(0, 4).Select(i => (Action<Recorded, CaptureWriter>)((r, w) => r.Event(w, Sample.Probe with { TimeNs = 1_000_000_000 + ((ulong)i * 500_000_000) }, null, clock))));
        await using ServedCapture served = await ServedCapture.StartAsync([bytes], speed: 5);
        await using Received received = Received.From(served.Connect());
        await received.LiveAsync();

        Stopwatch watch = Stopwatch.StartNew();
        Task through = served.ThroughAsync();
        await received.EventsAsync(4);
        await through;

        Assert.True(watch.Elapsed > TimeSpan.FromMilliseconds(290), $"1.5 s at fivefold speed took {watch.Elapsed}");
    }

    [Fact]
    public async Task Until_ends_a_stream_by_the_clock_of_the_capture()
    {
        KernelClock clock = new(Sample.Hz, 0);
        byte[] bytes = new Recorded().Write([(r, w) => r.Event(w, Sample.Probe with { TimeNs = 1_000_000_000 }, null, clock)]);
        await using ServedCapture served = await ServedCapture.StartAsync([bytes], speed: 1);
        await using Received received = Received.From(served.Connect(), new StreamEventsRequest { Until = new() { Seconds = 2 } });
        await received.LiveAsync();

        Stopwatch watch = Stopwatch.StartNew();
        await served.ThroughAsync();
        await received.EndAsync();

        Assert.True(watch.Elapsed > TimeSpan.FromSeconds(1), $"a second of the capture was over after {watch.Elapsed}");
        Assert.Single(received.Events);
    }

    [Fact]
    public async Task The_status_says_that_it_is_a_capture_and_how_far_it_is()
    {
        (byte[] bytes, string[] lines) = ServedCapture.Committed("lossy");
        await using ServedCapture served = await ServedCapture.StartAsync([bytes], speed: 1_000_000);
        await using KatraceConnection connection = served.Connect();

        GetStatusResponse before = await connection.Service.GetStatusAsync(new GetStatusRequest(), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal((null, false, 1_000_000d), (before.Replay.Position, before.Replay.Ended, before.Replay.Speed));
        Assert.EndsWith("0.katrace", Assert.Single(before.Replay.Files), StringComparison.Ordinal);

        await served.ThroughAsync();
        GetStatusResponse after = await connection.Service.GetStatusAsync(new GetStatusRequest(), cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(after.Replay.Ended);
        Assert.Empty(after.Replay.Gaps);
        Assert.Equal(lines.Select(Event.Parser.ParseJson).Last().Time, after.Replay.Position);
        Assert.Equal(("node-1", "6.18.44-fc-v669"), (after.NodeName, after.KernelRelease));
        Assert.Contains(new V1.Backend { Purpose = "keepalive timer", Name = "tp_btf" }, after.Backends);
        Assert.Equal(new Lost { Place = Lost.Types.Place.KernelRing, Count = 135 }, Assert.Single(after.Lost));
        Assert.Equal((ulong)lines.Length, after.Events);
    }

    [Theory]
    [InlineData("cut", "was cut short: it has no end behind byte ")]
    [InlineData("damaged", "is damaged in the block at byte ")]
    public async Task What_is_missing_of_a_capture_is_told_and_the_rest_served(string how, string sentence)
    {
        (byte[] bytes, string[] lines) = ServedCapture.Committed("demo");
        byte[] broken = bytes[..20_000];
        if (how == "damaged")
            broken = [.. broken, .. "damage"u8, .. bytes.AsSpan(20_006)];
        await using ServedCapture served = await ServedCapture.StartAsync([broken]);
        Assert.Equal(how == "damaged", await served.ThroughAsync() is not null);
        await using Received received = Received.From(served.Connect(), All);
        await received.EndAsync();
        await using KatraceConnection connection = served.Connect();
        GetStatusResponse status = await connection.Service.GetStatusAsync(new GetStatusRequest(), cancellationToken: TestContext.Current.CancellationToken);

        Assert.InRange(received.Events.Count(), 50, 95);
        Assert.Equal(lines.Select(Event.Parser.ParseJson).Take(received.Events.Count()), received.Events);
        Assert.Contains(sentence, Assert.Single(status.Replay.Gaps), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_part_of_it_can_be_served()
    {
        (byte[] bytes, string[] lines) = ServedCapture.Committed("demo");
        await using ServedCapture served = await ServedCapture.StartAsync([bytes], change: all => all with { From = Cli.Replaying.CaptureTime.Parse("2s"), Until = Cli.Replaying.CaptureTime.Parse("4s") });
        await served.ThroughAsync();
        await using Received received = Received.From(served.Connect(), All);
        await received.EndAsync();

        Assert.InRange(received.Events.Count(), 3, lines.Length - 3);
    }

    [Fact]
    public async Task Without_a_list_of_sockets_in_the_capture_that_is_said()
    {
        (byte[] bytes, _) = ServedCapture.Committed("demo");
        await using ServedCapture served = await ServedCapture.StartAsync([bytes]);
        await served.ThroughAsync();
        await using KatraceConnection connection = served.Connect();

        using AsyncServerStreamingCall<ListConnectionsResponse> list = connection.Service.ListConnections(new ListConnectionsRequest(), cancellationToken: TestContext.Current.CancellationToken);
        RpcException refused = await Assert.ThrowsAsync<RpcException>(() => list.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        RpcException snapshot = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            await using Received received = Received.From(served.Connect(), new StreamEventsRequest { Snapshot = true });
            await received.EndAsync();
        });

        Assert.All([refused, snapshot], e => 
        {
            Assert.Equal(StatusCode.FailedPrecondition, e.StatusCode);
            Assert.Matches("^this agent serves a capture: there is no list of sockets in [^ ]+/0[.]katrace: 'katrace replay' shows the events$", e.Status.Detail);
        });
    }

    [Theory]
    [InlineData("node-2", "b007", "* is of node-1 and * of node-2: take those of one host")]
    [InlineData("node-1", "b008", "node-1 was booted between * and *: sockets and times of the two cannot be told apart; take one of them")]
    public async Task Captures_of_two_hosts_are_refused(string node, string boot, string sentence)
    {
        byte[] first = new Recorded().Write([]), second = new Recorded { Header = { NodeName = node, BootId = boot } }.Write([]);

        InvalidDataException refused = await Assert.ThrowsAsync<InvalidDataException>(() => ServedCapture.StartAsync([first, second]));

        Assert.Matches($"^{sentence.Replace("*", "[^ ]+[.]katrace", StringComparison.Ordinal)}$", refused.Message);
    }

    /// <summary>No kernel has such a process, but a capture may be anybody's.</summary>
    [Fact]
    public async Task A_command_line_of_a_megabyte_does_no_harm()
    {
        ProcessIdentity process = Sample.Process(7, 1, "p"u8, new string('x', 1 << 20));
        byte[] bytes = new Recorded().Write([(r, w) => r.Event(w, Sample.Probe, process, Sample.Clock)]);
        await using ServedCapture served = await ServedCapture.StartAsync([bytes]);
        await served.ThroughAsync();
        await using Received received = Received.From(served.Connect(), All);
        await received.EndAsync();

        Assert.Equal(new string('x', 4096), Assert.Single(received.Events).Process.CommandLine);
    }
}
