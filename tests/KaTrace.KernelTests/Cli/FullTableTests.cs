using System.Globalization;
using System.Net.Sockets;
using KaTrace.Events;
using KaTrace.KernelTests.Net;
using KaTrace.KernelTests.Stream;
using KaTrace.KernelTests.Withheld;
using KaTrace.V1;
using Socket = System.Net.Sockets.Socket;

namespace KaTrace.KernelTests.Cli;

/// <summary>More sockets than <c>--max-sockets</c>: what is not known is unknown, and how often is said. Nothing is wrong.</summary>
public sealed class FullTableTests(TracedEvents traced)
{
    private const int Connections = 1000;

    [Fact]
    public void Events_of_sockets_without_room_in_the_table_come_without_owner_and_none_is_wrong()
    {
        KernelAccess.Require();
        using NetworkNamespace ns = new();
        using Socket listener = ns.Listen("127.0.0.1");
        listener.Listen(Connections);
        using KatraceProcess katrace = KatraceProcess.Stream("-o", "json", "--max-sockets", "100", "--netns", $"{ns.Inode}");
        Socket[] clients = [.. Enumerable.Range(0, Connections).Select(_ => ns.NewSocket())];
        List<Socket> servers = [];
        foreach (Socket client in clients)
        {
            client.Connect(listener.LocalEndPoint!);
            client.SetKeepalive(idle: 1, interval: 1, count: 9);
            servers.Add(listener.Accept());
        }

        traced.WaitFor(Connections * 2, e => ns.Has(e) && e.Kind == EventKind.Probe);
        foreach (Socket socket in clients.Concat(servers))
            socket.Dispose();
        traced.WaitFor(Connections, e => ns.Has(e) && e.Kind == EventKind.Closed);
        katrace.WaitForEvents(Connections, e => e.Kind == Event.Types.Kind.Closed);
        Assert.Equal(0, katrace.Interrupt());

        Event[] events = katrace.AllEvents();
        Event[] losses = [.. events.Where(e => e.Kind == Event.Types.Kind.Lost)];
        Assert.NotEmpty(losses);
        Assert.All(losses, e => Assert.Equal(Lost.Types.Place.SocketTable, e.Lost.Place));
        Assert.Matches("lost track of a socket [1-9][0-9,]* times", katrace.Errors.All()[^1]);

        // A tracer with room for all has seen the same.
        ILookup<(ulong, uint), EventRecord> whole = traced.SoFar(e => ns.Has(e) && !IsAnswer(e)).ToLookup(e => (e.Cookie, (uint)e.Lport));
        ILookup<(ulong, uint), Event> seen = events.Where(e => e.Socket is not null && !IsAnswer(e)).ToLookup(e => (e.Socket.Cookie, e.Socket.Local.Port));
        Assert.Equal(whole.Select(socket => socket.Key).Order(), seen.Select(socket => socket.Key).Order());
        int unknown = 0;
        foreach (IGrouping<(ulong, uint), EventRecord> socket in whole)
        {
            Event[] here = [.. seen[socket.Key]];
            Assert.Equal(socket.Select(e => (int)e.Kind), here.Select(e => (int)e.Kind));
            foreach ((EventRecord expected, Event actual) in socket.Zip(here))
            {
                unknown += actual.Process is null ? 1 : 0;
                Assert.Equal(traced.OwnTgid, actual.Process?.Pid ?? traced.OwnTgid);
                Assert.Equal(expected.ProbesOut, actual.Keepalive.ProbesOut);
                if (actual.Keepalive.HasUnanswered)
                    Assert.Equal(expected.Unanswered, actual.Keepalive.Unanswered);
                if (actual.Keepalive.HasProbes)
                    Assert.InRange(actual.Keepalive.Probes, 0u, expected.Probes);
            }
        }

        Assert.InRange(unknown, 1, int.MaxValue);
    }

    [Fact]
    public void A_million_sockets_have_room_in_220_megabytes()
    {
        using KatraceProcess katrace = KatraceProcess.Stream("--max-sockets", "1000000", "--kind", "timeout");
        Dictionary<string, ulong> sockets = Assert.Single(Maps(katrace.Pid), map => map["max_entries"] == 1_000_000);
        Assert.InRange(sockets["memlock"], 100_000_000ul, 220_000_000ul);
    }

    /// <summary>A call whose end was not seen leaves an entry behind: so many must not keep out those that come after.</summary>
    [Fact]
    public void Calls_that_never_ended_keep_no_room()
    {
        const ulong LruHash = 9; // BPF_MAP_TYPE_LRU_HASH
        const int More = 20_000; // than there is room for
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        ulong inode = socket.Inode();
        using KatraceProcess katrace = KatraceProcess.Stream("-o", "json", "--backend", "tp-btf");
        ulong id = Assert.Single(Maps(katrace.Pid), map => (map["map_type"], map["max_entries"]) == (LruHash, 8192))["map_id"];
        string value = string.Join(' ', Enumerable.Repeat("0", (int)Maps(katrace.Pid).First(map => map["map_id"] == id)["value_size"]));
        // Keys are pid and thread: these are of none that can be.
        string batch = Path.GetTempFileName();
        File.WriteAllLines(batch, Enumerable.Range(0, More).Select(i =>
            $"map update id {id} key {i & 255} {i >> 8 & 255} {i >> 16} 255 255 255 255 255 value {value}"));
        (int exitCode, _, string error) = Shell.TryRun("bpftool", "batch", "file", batch);
        File.Delete(batch);
        Assert.True(exitCode == 0, error);

        socket.SetKeepalive(idle: 60, interval: 10, count: 3);
        katrace.WaitForEvent(e => e.Socket?.Inode == inode && e.Kind == Event.Types.Kind.Enabled);
        Assert.Equal(0, katrace.Interrupt());
        Assert.DoesNotContain("table of calls full", katrace.Errors.All()[^1]);
    }

    /// <summary>The numbers that the kernel tells of each map of a process.</summary>
    private static IEnumerable<Dictionary<string, ulong>> Maps(int pid) =>
        from descriptor in Descriptors.Of(pid)
        where descriptor.ContainsKey("map_id")
        group descriptor by descriptor["map_id"] into map
        select map.First().Where(field => ulong.TryParse(field.Value, CultureInfo.InvariantCulture, out _))
            .ToDictionary(field => field.Key, field => ulong.Parse(field.Value, CultureInfo.InvariantCulture));

    private static bool IsAnswer(EventRecord e) => e.Kind is EventKind.Answered or EventKind.Recovered;

    private static bool IsAnswer(Event e) => e.Kind is Event.Types.Kind.Answered or Event.Types.Kind.Recovered;
}
