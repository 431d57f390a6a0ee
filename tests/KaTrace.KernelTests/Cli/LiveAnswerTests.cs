using System.Net.Sockets;
using KaTrace.Interop;
using KaTrace.KernelTests.Net;
using KaTrace.KernelTests.Withheld;
using KaTrace.V1;
using static KaTrace.KernelTests.Net.KeepaliveSocket;
using Socket = System.Net.Sockets.Socket;

namespace KaTrace.KernelTests.Cli;

/// <summary><c>--live-answers</c>: answers by the segment itself, when it comes in, and once.</summary>
public sealed class LiveAnswerTests
{
    /// <summary>Every way that this kernel may take; the last is refused by none.</summary>
    public static TheoryData<string> Backends => ["auto", "raw-tp"];

    [Theory]
    [MemberData(nameof(Backends))]
    public void An_answer_has_the_time_at_which_the_peer_sent_it(string backend)
    {
        // The client is the peer here. It says something when the test reads so much that its window opens again, and only then.
        using Pair pair = new("10.9.0.2", "10.9.0.2", mapped: false, client => client.ReceiveBufferSize = 32_768);
        using KatraceProcess katrace = Start(backend, pair.Right);
        byte[] unread = new byte[40_000];
        for (uint round = 1; round <= 3; round++)
        {
            pair.Server.Send(unread);
            Until.True(() => pair.Client.Available == unread.Length, "data that the peer has yet to read");
            pair.Left.DropAllInput();
            pair.Server.SetKeepalive(idle: 1, interval: 1, count: 9);
            katrace.WaitForEvents((int)round, e => e.Kind == Event.Types.Kind.Probe && e.Keepalive.Unanswered == 1);
            Until.True(() => IsAttached(katrace), "a program on tcp_probe");
            ulong before = Now();
            for (int read = 0; read < unread.Length;)
                read += pair.Client.Receive(unread);
            ulong after = Now();

            Event answer = katrace.WaitForEvents((int)round, IsAnswer)[^1];
            Event probe = katrace.WaitForEvents(1, e => e.Kind == Event.Types.Kind.Probe && e.MonotonicNs < answer.MonotonicNs)[^1];
            Assert.Equal(Event.Types.Source.Segment, answer.Source);
            Assert.InRange(answer.MonotonicNs, before, after);
            Assert.Equal((answer.MonotonicNs - probe.MonotonicNs) / 1000, answer.Answered.RoundTripUs);
            Assert.Equal((probe.Keepalive.Unanswered, 0u, round), (answer.Keepalive.Unanswered, answer.Keepalive.ProbesOut, answer.Keepalive.Answered));
            Assert.Equal(0.0, answer.Keepalive.SilentSeconds);
            pair.Server.Set(SOL_SOCKET, SO_KEEPALIVE, 0);
            pair.Left.AcceptInputAgain();
        }
    }

    /// <summary>Its sequence number is one too low: the kernel replies, and takes it for no sign of life.</summary>
    [Fact]
    public void A_probe_of_the_peer_is_no_answer()
    {
        using Pair pair = Pair.Probing(count: 9);
        using KatraceProcess katrace = Start("auto", pair.Left, pair.Right);
        pair.Right.DropAllInput();
        pair.Server.SetKeepalive(idle: 1, interval: 1, count: 9);

        katrace.WaitForEvent(e => e.Socket?.Netns == pair.Left.Inode && e.Keepalive?.Unanswered == 4);
        Event[] events = katrace.WaitForEvents(3, e => e.Socket?.Netns == pair.Right.Inode && e.Kind == Event.Types.Kind.Probe);
        ulong silence = events[0].MonotonicNs;
        Assert.True(IsAttached(katrace));
        Assert.Equal(0, katrace.Interrupt());
        Assert.DoesNotContain(katrace.AllEvents(), e => IsAnswer(e) && e.MonotonicNs > silence);
    }

    [Theory]
    [MemberData(nameof(Backends))]
    public void Two_hundred_sockets_are_told_each_answer_once(string backend)
    {
        const int Connections = 200;
        const int Rounds = 4;
        KernelAccess.Require();
        using NetworkNamespace ns = new();
        using KatraceProcess katrace = Start(backend, ns);
        using Socket listener = ns.Listen("127.0.0.1");
        listener.Listen(Connections);
        Socket[] clients = [.. Enumerable.Range(0, Connections).Select(_ => ns.NewSocket())];
        List<Socket> servers = [];
        foreach (Socket client in clients)
        {
            client.SetKeepalive(idle: 1, interval: 1, count: 9);
            client.Connect(listener.LocalEndPoint!);
            servers.Add(listener.Accept());
        }

        katrace.WaitForEvents(Connections * Rounds, IsAnswer, Pace.Deadline(20));
        foreach (Socket socket in clients.Concat(servers))
            socket.Dispose();
        Event[] closed = katrace.WaitForEvents(Connections, e => e.Kind == Event.Types.Kind.Closed);
        Assert.Equal(0, katrace.Interrupt());

        ILookup<ulong, Event> events = katrace.AllEvents().Where(e => e.Socket is not null).ToLookup(e => e.Socket.Cookie);
        Assert.All(closed, end =>
        {
            uint[] answered = [.. events[end.Socket.Cookie].Where(IsAnswer).Select(e => e.Keepalive.Probes)];
            Assert.Equal(answered.Distinct(), answered);
            Assert.Equal(end.Keepalive.Answered, (uint)answered.Length);
            Assert.Equal(end.Keepalive.Probes - end.Keepalive.Unanswered, (uint)answered.Length);
        });
        // The first answers come before the program is attached, or with it.
        Assert.Contains(katrace.AllEvents(), e => IsAnswer(e) && e.Source == Event.Types.Source.Segment);
    }

    [Fact]
    public void Nothing_is_attached_while_nobody_waits_for_an_answer()
    {
        using Pair pair = Pair.Probing(count: 9);
        // Probes of others are hidden by the kernel; those that are waited for come, though they are not shown.
        using KatraceProcess katrace = KatraceProcess.Stream("--live-answers", "--kind", "answered", "--netns", $"{pair.Left.Inode}");
        pair.Right.DropAllInput();
        Until.True(() => IsAttached(katrace), "a program on tcp_probe, though probes are not shown");

        pair.Client.Dispose();
        Until.True(() => !IsAttached(katrace), "nothing on tcp_probe, some seconds after the socket is gone");
    }

    private static KatraceProcess Start(string backend, params NetworkNamespace[] namespaces) => KatraceProcess.Stream(
        ["--live-answers", "--backend", backend, "-o", "json", .. namespaces.SelectMany(ns => new[] { "--netns", $"{ns.Inode}" })]);

    private static bool IsAnswer(Event e) => e.Kind is Event.Types.Kind.Answered or Event.Types.Kind.Recovered;

    private static bool IsAttached(KatraceProcess katrace) => AttachedPrograms.OnTracepoint(katrace.Pid, "tcp_probe");

    private static ulong Now() => (ulong)Libc.ReadClock(Libc.CLOCK_MONOTONIC);
}
