using System.Net.Sockets;
using KaTrace.Events;
using KaTrace.KernelTests.Net;
using KaTrace.KernelTests.Withheld;

namespace KaTrace.KernelTests.Stream;

/// <summary>The peer is heard again: when, by what, after how many probes.</summary>
public sealed class AnswerTests(TracedEvents traced)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(4);

    [Fact]
    public void An_answer_is_told_long_before_the_timer_runs_again()
    {
        using Pair pair = Pair.Probing(count: 3, interval: 10);

        EventRecord probe = traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Probe);
        EventRecord answer = traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Answered, traced.LooksForAnswers ? Soon : null);
        Assert.Equal((1u, 1u, 1u), (answer.Unanswered, answer.Probes, answer.Answered));
        Assert.Equal(EventCause.Ack, answer.Cause);
        Assert.Equal(traced.LooksForAnswers ? EventSource.Poll : EventSource.Timer, answer.Source);
        Assert.InRange(answer.RttNs, 0ul, Jiffies(10));
        Assert.InRange(answer.TimeNs, probe.TimeNs, probe.TimeNs + Jiffies(10));
        Assert.Equal((probe.Sk, probe.Cookie, probe.Lport, probe.Rport), (answer.Sk, answer.Cookie, answer.Lport, answer.Rport));
        Assert.Equal((TcpState.Established, traced.OwnTgid), (answer.State, answer.Tgid));
    }

    [Fact]
    public void A_peer_that_answers_after_several_probes_has_recovered()
    {
        using Pair pair = Pair.ProbingInVain(count: 9);
        traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Probe && e.Unanswered == 2);
        pair.Right.AcceptInputAgain();

        EventRecord recovered = traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Recovered);
        EventRecord[] probes = traced.SoFar(e => pair.Left.Has(e) && e.Kind == EventKind.Probe && e.TimeNs <= recovered.TimeNs);
        Assert.Equal((uint)probes.Length, recovered.Unanswered);
        Assert.Equal(1u, recovered.Answered);
        Assert.Equal(EventCause.Ack, recovered.Cause);
        Assert.InRange(recovered.RttNs, 0ul, Jiffies(10));
        Assert.Empty(traced.SoFar(e => pair.Left.Has(e) && e.Kind == EventKind.Answered && e.TimeNs < recovered.TimeNs));

        EventRecord next = traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Probe && e.Probes == recovered.Probes + 1);
        Assert.Equal((1u, 1), (next.Unanswered, next.ProbesOut));
    }

    [Fact]
    public void Data_of_the_peer_is_an_answer_even_where_it_leaves_the_count_of_the_kernel()
    {
        using Pair pair = Pair.Unprobed();
        byte[] data = new byte[100];
        // Unread data keeps the receiver on its fast path, where data that acknowledges nothing new leaves icsk_probes_out.
        for (int i = 0; i < 5; i++)
            pair.Server.Send(data);
        pair.Right.DropAllInput();
        pair.Client.SetKeepalive(idle: 1, interval: 1, count: 9);
        traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Probe && e.Unanswered == 2);
        pair.Server.Send(data); // is received, but its acknowledgement is not
        pair.Right.FillQueue(); // as what is sent again, for want of one, takes the slow path

        EventRecord recovered = traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Recovered);
        EventRecord next = traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Probe && e.Probes == recovered.Probes + 1);
        Assert.True(recovered.Cause is EventCause.Ack or EventCause.Data, $"{recovered.Cause}");
        Assert.Equal(1u, next.Unanswered);
        // Where the data was sent again before the queue was full, the kernel has begun anew too.
        if (recovered.Cause == EventCause.Ack || next.ProbesOut != recovered.Unanswered + 1)
            Assert.Equal(1, next.ProbesOut);
    }

    [Fact]
    public void A_close_of_the_peer_right_after_a_probe_is_its_answer_first()
    {
        using Pair pair = Pair.ProbingInVain(count: 9);
        traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Probe);
        pair.Right.AcceptInputAgain();
        pair.Server.Dispose();
        pair.Client.Dispose();

        traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Closed);
        EventRecord[] events = traced.SoFar(e => pair.Left.Has(e) && e.Kind is not (EventKind.Configured or EventKind.Enabled or EventKind.Armed));
        Assert.All(events[..^2], e => Assert.Equal(EventKind.Probe, e.Kind));
        Assert.True(events[^2].Kind is EventKind.Answered or EventKind.Recovered, TracedEvents.Describe(events));
        Assert.Equal((uint)events.Length - 2, events[^2].Unanswered);
        Assert.Equal((EventKind.Closed, 0u, 1u), (events[^1].Kind, events[^1].Unanswered, events[^1].Answered));
    }

    [Fact]
    public void A_close_sums_up_the_connection()
    {
        using Pair pair = Pair.Probing(count: 9);
        traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Answered);
        pair.Right.DropAllInput();
        traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Probe && e.Unanswered == 2);
        pair.Right.AcceptInputAgain();
        EventRecord recovered = traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Recovered);
        traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Answered && e.TimeNs > recovered.TimeNs);
        pair.Client.Shutdown(SocketShutdown.Send);
        pair.Server.Dispose();
        pair.Client.Dispose();

        // TIME_WAIT is the end of the socket: the rest is another structure's.
        EventRecord closed = traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Closed);
        EventRecord[] probes = traced.SoFar(e => pair.Left.Has(e) && e.Kind == EventKind.Probe);
        EventRecord[] answers = traced.SoFar(e => pair.Left.Has(e) && e.Kind is (EventKind.Answered or EventKind.Recovered));
        Assert.Equal(((uint)probes.Length, (uint)answers.Length), (closed.Probes, closed.Answered));
        Assert.Equal(probes.Length, pair.Left.KeepaliveProbes());
        Assert.InRange(closed.Longest, probes.Max(p => p.Silent) - 1, probes.Max(p => p.Silent));
        Assert.InRange(closed.Longest, 2 * traced.Hz, 20 * traced.Hz);
    }

    private ulong Jiffies(uint count) => count * 1_000_000_000ul / traced.Hz;
}
