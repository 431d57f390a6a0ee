using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using KaTrace.Client;
using KaTrace.Events;
using KaTrace.Output;
using KaTrace.V1;

namespace KaTrace.Tests.Server;

public sealed class StreamEventsTests
{
    [Fact]
    public async Task Events_come_as_the_messages_that_they_are()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        await using Received received = Received.From(agent);
        await received.LiveAsync();

        agent.Happen(3, (raw, i) => i == 1 ? Sample.Timeout.OverIPv6() : raw);

        Event[] events = await received.EventsAsync(3);
        Assert.Equal([1ul, 2, 3], events.Select(e => e.Sequence));
        EventRecord timeout = Sample.Timeout.OverIPv6().ToRecord();
        Assert.Equal(EventMessage.From(in timeout, Sample.Redis, 2, Sample.Clock, "node-1"), events[1]);
    }

    [Fact]
    public async Task Every_message_says_who_sends_it_when_and_how_far_it_is()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        await using Received received = Received.From(agent);
        await received.LiveAsync();
        agent.Happen(2);

        await received.EventsAsync(2);

        Assert.All(received.Responses, r =>
        {
            Assert.Equal("node-1", r.NodeName);
            Assert.Equal(agent.Identity.InstanceId, r.InstanceId);
            Assert.InRange(r.Time.ToDateTime(), DateTime.UtcNow.AddMinutes(-1), DateTime.UtcNow.AddMinutes(1));
        });
        Assert.Equal(2ul, received.Responses[^1].Sequence);
    }

    [Fact]
    public async Task A_stream_begins_now_unless_it_asks_for_more()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        agent.Happen(5);
        await using Received received = Received.From(agent);
        await received.LiveAsync();
        agent.Happen(1);

        Assert.Equal(6ul, (await received.EventsAsync(1))[0].Sequence);
    }

    [Fact]
    public async Task Many_events_come_in_few_messages_when_a_subscriber_is_behind()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        agent.Happen(5_000);
        await using Received received = Received.From(agent, new StreamEventsRequest { Last = 5_000, NoFollow = true });

        await received.EndAsync();

        Assert.Equal(5_000, received.Events.Count());
        Assert.InRange(received.Responses.Count, 5, 20);
    }

    [Fact]
    public async Task Last_counts_what_the_filters_show()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        agent.Happen(3_000, (raw, i) => i % 3 == 0 ? raw with { Kind = EventKind.Answered } : raw);

        Event[] events = await Received.AllAsync(agent, new StreamEventsRequest { Last = 700, NoFollow = true, Filters = Only(Event.Types.Kind.Answered) });

        Assert.Equal(700, events.Length);
        Assert.All(events, e => Assert.Equal(Event.Types.Kind.Answered, e.Kind));
        Assert.Equal(2_998ul, events[^1].Sequence);
    }

    [Fact]
    public async Task Since_and_until_are_times_of_events()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        agent.Happen(2_000);
        DateTime first = Sample.Clock.ToUnixNs(Sample.Probe.TimeNs) is var ns ? DateTime.UnixEpoch.AddTicks(ns / 100) : default;

        Event[] events = await Received.AllAsync(agent, new StreamEventsRequest
        {
            Since = Timestamp.FromDateTime(first.AddSeconds(1_100)),
            Until = Timestamp.FromDateTime(first.AddSeconds(1_500)),
        });

        Assert.Equal(1_101ul, events[0].Sequence);
        Assert.Equal(1_500ul, events[^1].Sequence);
        Assert.Equal(400, events.Length);
    }

    [Fact]
    public async Task Until_ends_a_stream_also_where_nothing_happens()
    {
        await using TestAgent agent = await TestAgent.StartAsync();

        Assert.Empty(await Received.AllAsync(agent, new StreamEventsRequest { Until = Timestamp.FromDateTime(DateTime.UtcNow.AddMilliseconds(50)) }));
    }

    [Fact]
    public async Task Live_comes_between_what_was_kept_and_what_is_new()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        agent.Happen(10);
        await using Received received = Received.From(agent, new StreamEventsRequest { Last = 10 });
        await received.LiveAsync();
        agent.Happen(1);
        await received.EventsAsync(11);

        int live = received.Responses.FindIndex(r => r.ContentCase == StreamEventsResponse.ContentOneofCase.Live);
        Assert.Equal(10ul, received.Responses[live].Sequence);
        Assert.Equal(10, received.Responses.Take(live).Sum(r => r.Events?.Events.Count ?? 0));
        Assert.Equal([11ul], received.Responses.Skip(live).SelectMany(r => r.Events?.Events ?? []).Select(e => e.Sequence));
    }

    [Fact]
    public async Task Oldest_comes_first_where_more_was_asked_for_than_is_kept()
    {
        await using TestAgent agent = await TestAgent.StartAsync(historyBytes: 0);
        agent.Happen(10_000);
        await using Received received = Received.From(agent, new StreamEventsRequest { Last = 10_000, NoFollow = true });
        await received.EndAsync();

        Oldest oldest = received.Responses[0].Oldest;
        Event first = received.Events.First();
        Assert.InRange(oldest.Sequence, 2ul, 10_000ul);
        Assert.Equal((first.Sequence, first.Time), (oldest.Sequence, oldest.Time));
        Assert.Equal(10_000ul - oldest.Sequence + 1, (ulong)received.Events.Count());
    }

    [Fact]
    public async Task After_goes_on_where_a_stream_was()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        agent.Happen(100);

        Event[] events = await Received.AllAsync(agent, new StreamEventsRequest { NoFollow = true, After = new Position { InstanceId = agent.Identity.InstanceId, Sequence = 40 } });

        Assert.Equal(Enumerable.Range(41, 60).Select(i => (ulong)i), events.Select(e => e.Sequence));
    }

    [Fact]
    public async Task After_a_restart_of_the_agent_all_that_it_keeps_is_new()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        agent.Happen(100);

        Event[] events = await Received.AllAsync(agent, new StreamEventsRequest { NoFollow = true, After = new Position { InstanceId = "of another run", Sequence = 40 } });

        Assert.Equal(100, events.Length);
    }

    [Fact]
    public async Task What_is_not_kept_after_a_position_is_told_as_lost()
    {
        await using TestAgent agent = await TestAgent.StartAsync(historyBytes: 0);
        agent.Happen(10_000);

        Event[] events = await Received.AllAsync(agent, new StreamEventsRequest { NoFollow = true, After = new Position { InstanceId = agent.Identity.InstanceId, Sequence = 40 } });

        Assert.Equal((Event.Types.Kind.Lost, Lost.Types.Place.History), (events[0].Kind, events[0].Lost.Place));
        Assert.Equal(10_000ul - 40, events[0].Lost.Count + (ulong)events.Length - 1);
        Assert.Equal(40 + events[0].Lost.Count + 1, events[1].Sequence);
    }

    [Fact]
    public async Task Filters_cut_batches_and_hide_nothing_else()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        agent.Happen(2_500, (raw, i) => raw with { Lport = (ushort)(1 + (i % 7)) });

        Event[] events = await Received.AllAsync(agent, new StreamEventsRequest
        {
            Last = 2_500,
            NoFollow = true,
            Filters = new FilterList { AllowList = { new Filter { LocalPort = { 2, 3, 5 } } }, DenyList = { new Filter { LocalPort = { 5 } } } },
        });

        Assert.Equal(Enumerable.Range(0, 2_500).Where(i => i % 7 is 1 or 2).Select(i => (ulong)i + 1), events.Select(e => e.Sequence));
    }

    [Fact]
    public async Task A_filter_of_ten_thousand_entries_works()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        agent.Happen(2_000, (raw, i) => raw with { Raddr = RawEvent.Address([10, 0, (byte)(i >> 8), (byte)i]) });
        Filter filter = new();
        for (int i = 0; i < 10_000; i++)
            filter.Ip.Add($"10.0.{(i + 1_000) >> 8}.{(i + 1_000) & 255}");

        Event[] events = await Received.AllAsync(agent, new StreamEventsRequest { Last = 2_000, NoFollow = true, Filters = new FilterList { AllowList = { filter } } });

        Assert.Equal(1_000, events.Length);
        Assert.Equal("10.0.3.232", events[0].Socket.Remote.Address);
    }

    [Fact]
    public async Task Absent_and_empty_filters_are_the_same()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        agent.Happen(3);

        foreach (FilterList? filters in (FilterList?[])[null, new FilterList(), new FilterList { AllowList = { new Filter() } }])
            Assert.Equal(3, (await Received.AllAsync(agent, new StreamEventsRequest { Last = 3, NoFollow = true, Filters = filters })).Length);
    }

    [Fact]
    public async Task The_agents_own_events_come_only_if_asked_for()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        agent.Happen(10, (raw, i) => i % 2 == 0 ? raw with { Tgid = TestAgent.OwnTgid } : raw);

        Assert.Equal(5, (await Received.AllAsync(agent, new StreamEventsRequest { Last = 10, NoFollow = true })).Length);
        Assert.Equal(10, (await Received.AllAsync(agent, new StreamEventsRequest { Last = 10, NoFollow = true, IncludeSelf = true })).Length);
    }

    [Fact]
    public async Task A_field_mask_leaves_all_other_fields_out()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        agent.Happen(1);

        Event e = Assert.Single(await Received.AllAsync(agent, new StreamEventsRequest
        {
            Last = 1,
            NoFollow = true,
            FieldMask = new FieldMask { Paths = { "kind", "socket.remote.port", "process.pid", "process.comm", "keepalive.unanswered" } },
        }));

        Assert.Equal(new Event
        {
            Kind = Event.Types.Kind.Probe,
            Socket = new Socket { Remote = new Endpoint { Port = 51812 } },
            Process = new Process { Pid = 520, Comm = "redis-server" },
            Keepalive = new Keepalive { Unanswered = 2 },
            NodeName = "node-1",
        }, e);
    }

    public static TheoryData<StreamEventsRequest, string> BadRequests => new()
    {
        { new StreamEventsRequest { Last = 1, Since = new Timestamp() }, "at most one of 'last', 'since', 'after' and 'snapshot' may be set" },
        { new StreamEventsRequest { Filters = new FilterList { AllowList = { new Filter { Ip = { "10.0.0" } } } } }, "bad address '10.0.0'" },
        { new StreamEventsRequest { Filters = new FilterList { DenyList = { new Filter() } } }, "bad deny list" },
        { new StreamEventsRequest { FieldMask = new FieldMask { Paths = { "socket.colour" } } }, "bad field mask 'socket.colour'" },
        { new StreamEventsRequest { FieldMask = new FieldMask { Paths = { "kind.name" } } }, "bad field mask 'kind.name'" },
        { new StreamEventsRequest { After = new Position { Sequence = 4 } }, "'after' needs the instance_id" },
        { new StreamEventsRequest { Since = new Timestamp { Seconds = 2 }, Until = new Timestamp { Seconds = 1 } }, "'until' is before 'since'" },
        { new StreamEventsRequest { Since = new Timestamp { Nanos = -1 } }, "'since' is no time" },
        { new StreamEventsRequest { Until = new Timestamp { Seconds = long.MaxValue } }, "'until' is no time" },
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

    [Fact]
    public async Task A_position_that_is_still_to_come_is_refused()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        agent.Happen(3);

        RpcException refused = await Assert.ThrowsAsync<RpcException>(
            () => Received.AllAsync(agent, new StreamEventsRequest { After = new Position { InstanceId = agent.Identity.InstanceId, Sequence = 4 } }));

        Assert.Equal("'after' is sequence 4, but the latest event is 3", refused.Status.Detail);
    }

    private static FilterList Only(Event.Types.Kind kind) => new() { AllowList = { new Filter { Kind = { kind } } } };
}
