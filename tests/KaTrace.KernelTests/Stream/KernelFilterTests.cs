using System.Globalization;
using System.Net.Sockets;
using System.Net;
using System.Runtime.CompilerServices;
using Google.Protobuf;
using KaTrace.Bpf;
using KaTrace.Events;
using KaTrace.Filters;
using KaTrace.Interop;
using KaTrace.KernelTests.Net;
using KaTrace.KernelTests.Withheld;
using KaTrace.Processes;
using KaTrace.V1;
using static KaTrace.KernelTests.Net.KeepaliveSocket;
using Socket = System.Net.Sockets.Socket;

namespace KaTrace.KernelTests.Stream;

/// <summary>What filters hide is not even written into the ring, and all that they show is. What there was to hide and to show, the
/// tests' own tracer knows, which has no filters.</summary>
public sealed class KernelFilterTests(TracedEvents traced)
{
    /// <summary>Each end: configured, enabled, armed, disabled, enabled, armed, closed.</summary>
    private const int EventsOfConnection = 2 * 7;

    [Theory]
    [InlineData("""{"allowList":[{"kind":["DISABLED","CLOSED"]}]}""")]
    [InlineData("""{"denyList":[{"kind":["DISABLED","CLOSED"]}]}""")]
    [InlineData("""{"allowList":[{"pid":[PID]}]}""")]
    [InlineData("""{"denyList":[{"pid":[PID]}]}""")]
    [InlineData("""{"allowList":[{"netns":[NETNS]}]}""")]
    [InlineData("""{"allowList":[{"cgroupId":["CGROUP"]}]}""")]
    [InlineData("""{"denyList":[{"cgroupId":["CGROUP"]}]}""")]
    [InlineData("""{"allowList":[{"port":[PORT]}]}""")]
    [InlineData("""{"allowList":[{"localPort":[PORT]}]}""")]
    [InlineData("""{"allowList":[{"remotePort":[PORT]}]}""")]
    [InlineData("""{"denyList":[{"localPort":[PORT]},{"remotePort":[PORT]}]}""")]
    [InlineData("""{"allowList":[{"ipVersion":["IPV4"]}]}""")]
    [InlineData("""{"denyList":[{"ipVersion":["IPV4"]}]}""")]
    [InlineData("""{"allowList":[{"kind":["ENABLED","ARMED"],"netns":[NETNS],"ipVersion":["IPV6"]},{"localPort":[PORT],"pid":[PID]}],"denyList":[{"kind":["ARMED"],"cgroupId":["CGROUP"]}]}""")]
    public void Exactly_what_the_filters_show_is_written(string filters)
    {
        using ControlGroup group = new();
        using NetworkNamespace here = new(), there = new();
        using Socket listener = group.Run(() => here.Listen("127.0.0.1"));
        listener.Set(SOL_SOCKET, SO_KEEPALIVE, 1);
        filters = filters
            .Replace("PID", $"{traced.OwnTgid}", StringComparison.Ordinal)
            .Replace("NETNS", $"{there.Inode}", StringComparison.Ordinal)
            .Replace("CGROUP", $"{group.Id}", StringComparison.Ordinal)
            .Replace("PORT", $"{listener.LocalPort()}", StringComparison.Ordinal);
        using FilteredEvents filtered = new FilteredEvents(filters).Read();
        ulong live = (ulong)Libc.ReadClock(Libc.CLOCK_MONOTONIC), hiddenBefore = filtered.Tracer.ReadHidden();

        // The server's end inherits keepalive: nobody owns it before it is accepted.
        UseConnection(here, listener, IPAddress.Loopback);
        foreach ((string listenOn, IPAddress connectTo) in new[] { ("::1", IPAddress.IPv6Loopback), ("::", IPAddress.Loopback.MapToIPv6()) })
        {
            using Socket other = there.Listen(listenOn);
            UseConnection(there, other, connectTo);
        }

        EventRecord[] made = traced.WaitFor(3 * EventsOfConnection, IsOurs);
        EventFilter filter = EventFilter.Compile(JsonParser.Default.Parse<FilterList>(filters));
        EventRecord[] shown = [.. made.Where(e => filter.Matches(in e, ProcessOf(in e)))];
        Assert.InRange(shown.Length, 1, made.Length - 1);
        EventRecord[] written = filtered.ReadToEnd(shown.Length, IsOurs);

        Assert.Equal(Names(shown), Names(written.Where(IsOurs)));
        // Others on this host may have made events as well.
        Assert.DoesNotContain(written, e => !filter.Matches(in e, ProcessOf(in e)));
        Assert.InRange(filtered.Tracer.ReadHidden() - hiddenBefore, (ulong)(made.Length - shown.Length), ulong.MaxValue);

        bool IsOurs(EventRecord e) => e.TimeNs > live && (here.Has(e) || there.Has(e));
    }

    [Fact]
    public void A_socket_whose_events_are_hidden_is_followed_all_the_same()
    {
        using FilteredEvents filtered = new FilteredEvents("""{"allowList":[{"kind":["CLOSED"]}]}""").Read();
        using Pair pair = Pair.Probing(count: 3);
        traced.WaitFor(2, e => pair.Left.Has(e) && e.Kind is EventKind.Answered);
        pair.Client.Dispose();
        pair.Server.Dispose();

        EventRecord expected = traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Closed);
        EventRecord closed = Assert.Single(filtered.ReadToEnd(1, e => pair.Left.Has(e)), e => pair.Left.Has(e));
        Assert.Equal(EventKind.Closed, closed.Kind);
        Assert.InRange(closed.Answered, 2u, closed.Probes);
        Assert.Equal(
            (expected.Probes, expected.Answered, expected.Unanswered, expected.Tgid, expected.Cookie, expected.Generation, expected.Longest),
            (closed.Probes, closed.Answered, closed.Unanswered, closed.Tgid, closed.Cookie, closed.Generation, closed.Longest));
        Assert.Equal(traced.SoFar(e => pair.Left.Has(e) && e.Kind == EventKind.Probe).Length, (int)filtered.Tracer.ReadHiddenProbes(pair.Left.Inode));
    }

    [Fact]
    public void A_probe_that_cannot_be_counted_as_hidden_is_not_hidden()
    {
        using FilteredEvents filtered = new FilteredEvents("{\"allowList\":[{\"kind\":[\"TIMEOUT\"]}]}").Read();
        BpfMap hidden = ObjectOf(filtered.Tracer).Map("hidden_probes");
        for (uint netns = 1; netns <= KeepaliveTracer.MostNamespaces; netns++)
            hidden.Update(netns, 0ul);
        using Pair pair = Pair.Probing(count: 3);

        EventRecord probe = traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Probe);
        Until.True(() => filtered.SoFar(e => pair.Left.Has(e)).Length > 0, "a probe in a network namespace too many");
        Assert.Equal((EventKind.Probe, probe.Cookie), (filtered.SoFar(e => pair.Left.Has(e))[0].Kind, probe.Cookie));
    }

    [Fact]
    public void What_is_lost_is_only_what_was_to_be_shown_and_the_numbers_agree()
    {
        const int Changes = 2000;
        KernelAccess.Require();
        string filters = $$"""{"allowList":[{"kind":["ENABLED"],"pid":[{{traced.OwnTgid}}]}]}""";
        using FilteredEvents filtered = new(filters, ringBytes: 64 << 10);
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        ulong inode = socket.Inode();
        for (int i = 0; i < Changes; i++)
            TurnOnAndOff(socket);
        filtered.Read();
        Until.True(() => filtered.SoFar(_ => true).Length > 0, "the ring is read");
        // One more on each CPU: its number says how many there were.
        int cpus = RawCalls.OnEachCpu(() => TurnOnAndOff(socket));
        ulong[] drops = new ulong[KernelDropReasons.Count];
        filtered.Tracer.ReadDrops(drops);
        ulong lost = drops[(int)KernelDrop.RingFull];
        EventRecord[] written = filtered.ReadToEnd(Changes + cpus - (int)lost, _ => true);

        Assert.All(written, e => Assert.Equal((EventKind.Enabled, inode), (e.Kind, e.Ino)));
        Assert.InRange(lost, 1ul, (ulong)Changes);
        Assert.Equal((ulong)(Changes + cpus), (ulong)written.Length + lost);
        Assert.Equal(lost, filtered.Pipeline.Sequences.Missing);
        Assert.InRange(filtered.Tracer.ReadHidden(), (ulong)(Changes + cpus), ulong.MaxValue);
    }

    /// <summary>The verifier removes what is never run, as the masks are constants to it.</summary>
    [Fact]
    public void A_program_holds_only_the_code_of_the_fields_that_filters_ask_for()
    {
        int none = Instructions("{}");
        int kind = Instructions("""{"allowList":[{"kind":["TIMEOUT"]}]}""");
        int port = Instructions("""{"allowList":[{"kind":["TIMEOUT"],"port":[80]}]}""");
        int all = Instructions("""{"allowList":[{"kind":["TIMEOUT"],"pid":[1],"port":[80],"localPort":[80],"remotePort":[80],"ipVersion":["IPV4"],"netns":[1],"cgroupId":["1"]}]}""");

        TestContext.Current.TestOutputHelper?.WriteLine($"instructions of all programs: no filters {none}, kind {kind}, kind and port {port}, all fields {all}");
        Assert.True(none < kind && kind < port && port < all, $"{none}, {kind}, {port}, {all}");
    }

    private static unsafe int Instructions(string filters)
    {
        using FilteredEvents filtered = new(filters);
        int bytes = 0;
        foreach (BpfProgram program in AttachedBy(filtered.Tracer))
        {
            Libbpf.bpf_prog_info info = default;
            uint size = (uint)sizeof(Libbpf.bpf_prog_info);
            Assert.Equal(0, Libbpf.bpf_obj_get_info_by_fd(program.Fd, &info, &size));
            bytes += (int)info.xlated_prog_len;
        }

        return bytes / 8;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_bpf")]
    private static extern ref BpfObject ObjectOf(KeepaliveTracer tracer);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_attached")]
    private static extern ref BpfProgram[] AttachedBy(KeepaliveTracer tracer);

    private static void UseConnection(NetworkNamespace ns, Socket listener, IPAddress connectTo)
    {
        using Socket client = ns.NewSocket(connectTo.AddressFamily);
        if (connectTo.IsIPv4MappedToIPv6)
            client.DualMode = true;
        client.Connect(new IPEndPoint(connectTo, listener.LocalPort()));
        using Socket server = listener.Accept();
        foreach (Socket socket in (Socket[])[client, server])
        {
            socket.Set(SOL_TCP, TCP_KEEPIDLE, 900);
            foreach (int on in (int[])[1, 0, 1])
                socket.Set(SOL_SOCKET, SO_KEEPALIVE, on);
        }
    }

    private static void TurnOnAndOff(Socket socket)
    {
        socket.Set(SOL_SOCKET, SO_KEEPALIVE, 1);
        socket.Set(SOL_SOCKET, SO_KEEPALIVE, 0);
    }

    private static ProcessIdentity? ProcessOf(in EventRecord e) =>
        e.Flags.HasFlag(EventFlags.Owner) ? new ProcessIdentity(new ProcessKey(e.Tgid, e.StartNs), RecordComm.Of(in e), null) : null;

    private static string[] Names(IEnumerable<EventRecord> events) => [.. events
        .Select(e => string.Create(CultureInfo.InvariantCulture, $"{e.Netns} {e.Family} {e.Lport}>{e.Rport} {e.Kind} {e.Tgid} {e.CgroupId}"))
        .Order(StringComparer.Ordinal)];
}
