using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using KaTrace.Client;
using KaTrace.Events;
using KaTrace.V1;

namespace KaTrace.Tests.Server;

public sealed class AggregationTests
{
    private static readonly Aggregation TenSeconds = new() { Window = Duration.FromTimeSpan(TimeSpan.FromSeconds(10)) };

    [Fact]
    public async Task Probes_of_one_socket_are_told_once_in_a_window()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        agent.Happen(25);

        Event[] events = await Received.AllAsync(agent, new StreamEventsRequest { Last = 25, NoFollow = true, Aggregation = TenSeconds });

        Assert.Equal([(10ul, 10u), (20, 10), (25, 5)], events.Select(e => (e.Sequence, e.Count)));
        Assert.All(events, e => Assert.Equal(e.MonotonicNs - ((e.Count - 1) * 1_000_000_000ul), e.FirstMonotonicNs));
    }

    [Fact]
    public async Task One_alone_is_told_as_any_other()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        agent.Happen(1);

        Event one = Assert.Single(await Received.AllAsync(agent, new StreamEventsRequest { Last = 1, NoFollow = true, Aggregation = TenSeconds }));

        Assert.Equal(Assert.Single(await Received.AllAsync(agent, new StreamEventsRequest { Last = 1, NoFollow = true })), one);
    }

    [Fact]
    public async Task What_is_held_is_told_when_its_time_is_over_though_nothing_else_happens()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        await using Received received = Received.From(agent, new StreamEventsRequest { Aggregation = new Aggregation { Window = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(300)) } });
        await received.LiveAsync();

        agent.Happen(3, (raw, _) => raw with { TimeNs = RealtimeOffset.MonotonicNs });

        Assert.Equal((3ul, 3u), (await received.EventsAsync(1)).Select(e => (e.Sequence, e.Count)).Single());
        Assert.Equal(3ul, received.Responses[^1].Sequence);
    }

    [Fact]
    public async Task Other_events_do_not_wait_and_the_position_says_what_is_still_held()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        await using Received received = Received.From(agent, new StreamEventsRequest { Aggregation = new Aggregation { Window = Duration.FromTimeSpan(TimeSpan.FromHours(1)) } });
        await received.LiveAsync();

        agent.Happen(4, (raw, i) => i == 3 ? Sample.Timeout with { Sk = 7, TimeNs = raw.TimeNs } : raw);

        Assert.Equal(Event.Types.Kind.Timeout, Assert.Single(await received.EventsAsync(1)).Kind);
        Assert.Equal((0ul, 4ul), (received.Responses[^1].Sequence, received.Responses[^1].ToldSequence));
        agent.Happen(1, (raw, _) => Sample.Timeout with { TimeNs = raw.TimeNs });
        Assert.Equal([(4ul, false, 0u), (3, true, 3), (5, false, 0)], (await received.EventsAsync(3)).Select(e => (e.Sequence, e.HasCount, e.Count)));
        Assert.Equal((5ul, 0ul), (received.Responses[^1].Sequence, received.Responses[^1].ToldSequence));
    }

    [Fact]
    public async Task A_notice_of_loss_comes_behind_what_is_held()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        agent.Happen(3);
        agent.Log.AppendLost(Lost.Types.Place.KernelRing, 5, Sample.Probe.TimeNs, agent.Clock);
        agent.Happen(1);

        Event[] events = await Received.AllAsync(agent, new StreamEventsRequest { Last = 5, NoFollow = true, Aggregation = TenSeconds });

        Assert.Equal([3ul, 4, 5], events.Select(e => e.Sequence));
    }

    [Fact]
    public async Task A_field_mask_holds_for_them_too()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        agent.Happen(3);

        Event one = Assert.Single(await Received.AllAsync(agent, new StreamEventsRequest { Last = 3, NoFollow = true, Aggregation = TenSeconds, FieldMask = new FieldMask { Paths = { "kind", "count" } } }));

        Assert.Equal(new Event { Kind = Event.Types.Kind.Probe, Count = 3, NodeName = "node-1" }, one);
    }

    /// <summary>Wherever the connection breaks, each event has been told once when all are through.</summary>
    [Fact]
    public async Task Going_on_after_any_message_misses_nothing_and_tells_nothing_twice()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        Random random = new(1);
        EventKind[] kinds = [EventKind.Probe, EventKind.Answered, EventKind.Probe, EventKind.Closed];
        RawEvent[] made = [.. Enumerable.Range(0, 400).Select(_ => (ulong)random.Next(1, 13)).Select(socket => Sample.Probe with { Sk = socket, Cookie = socket, Kind = kinds[random.Next(kinds.Length)] })];
        await using Received whole = Received.From(agent, new StreamEventsRequest { Aggregation = TenSeconds });
        await whole.LiveAsync();
        for (int i = 0; i < made.Length; i += 4)
            agent.Happen(4, (raw, n) => made[i + n] with { TimeNs = raw.TimeNs });
        await whole.UntilAsync(() => whole.Responses[^1] is { } r && Math.Max(r.Sequence, r.ToldSequence) == 400, "all were through");

        Assert.Contains(whole.Responses, response => response.ToldSequence > response.Sequence);
        for (int at = 1; at < whole.Responses.Count; at++)
        {
            StreamEventsResponse last = whole.Responses[at - 1];
            Event[] later = await Received.AllAsync(agent, new StreamEventsRequest
            {
                NoFollow = true,
                Aggregation = TenSeconds,
                After = new Position { InstanceId = last.InstanceId, Sequence = last.Sequence, ToldSequence = last.ToldSequence },
            });
            IEnumerable<Event> all = whole.Responses.Take(at).SelectMany(r => r.Events?.Events ?? []).Concat(later);

            Assert.Equal(
                made.GroupBy(raw => (raw.Cookie, (Event.Types.Kind)raw.Kind)).Select(group => (group.Key, Count: group.Count())).OrderBy(group => group.Key),
                all.GroupBy(e => (e.Socket.Cookie, e.Kind)).Select(group => (group.Key, Count: (int)group.Sum(e => e.HasCount ? e.Count : 1))).OrderBy(group => group.Key));
        }
    }

    public static TheoryData<StreamEventsRequest, string> BadRequests => new()
    {
        { new StreamEventsRequest { Aggregation = new Aggregation() }, "bad window 0 s: it is from 0.1 s to 1 h" },
        { new StreamEventsRequest { Aggregation = new Aggregation { Window = new Duration { Seconds = long.MaxValue } } }, "the window of 'aggregation' is no duration" },
        { new StreamEventsRequest { After = new Position { InstanceId = "x", ToldSequence = 2 } }, "'after' has a told_sequence, which only a stream with 'aggregation' gives" },
    };

    [Theory]
    [MemberData(nameof(BadRequests))]
    public async Task A_request_that_cannot_be_meant_is_refused_with_a_sentence(StreamEventsRequest request, string sentence)
    {
        await using TestAgent agent = await TestAgent.StartAsync();

        RpcException refused = await Assert.ThrowsAsync<RpcException>(() => Received.AllAsync(agent, request));

        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.StartsWith(sentence, refused.Status.Detail, StringComparison.Ordinal);
    }
}
