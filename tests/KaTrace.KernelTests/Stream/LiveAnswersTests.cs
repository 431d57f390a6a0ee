using System.Diagnostics;
using KaTrace.Bpf;
using KaTrace.Events;
using KaTrace.KernelTests.Net;
using KaTrace.KernelTests.Withheld;

namespace KaTrace.KernelTests.Stream;

/// <summary>The program that every received segment pays for is attached no longer, and no more often, than it is needed.</summary>
public sealed class LiveAnswersTests
{
    [Fact]
    public void Attached_while_an_answer_is_awaited_and_for_a_while_after()
    {
        KernelAccess.Require();
        using KeepaliveTracer tracer = KeepaliveTracer.Start(new TracerOptions { RingBytes = 1 << 20, LiveAnswers = true });
        Assert.True(tracer.CanAnswerLive);
        using LiveAnswers live = new(tracer, warning => throw new InvalidOperationException(warning));
        Assert.False(IsAttached());

        live.Awaited = true;
        Until.True(IsAttached, "the program on tcp_probe");
        Stopwatch quiet = Stopwatch.StartNew();
        for (int i = 0; i < 1000; i++)
        {
            live.Awaited = false;
            live.Awaited = true;
        }

        live.Awaited = false;
        Until.True(() => !IsAttached(), "nothing on tcp_probe");
        Assert.InRange(quiet.Elapsed, LiveAnswers.Linger, LiveAnswers.Linger + Pace.Deadline(5));

        live.Awaited = true;
        Until.True(IsAttached, "the program on tcp_probe, once more");
        live.Dispose();
        Assert.False(IsAttached());
    }

    [Fact]
    public void An_answer_is_told_by_its_segment_and_no_later_look_tells_it_again()
    {
        KernelAccess.Require();
        using TracedEvents live = new(liveAnswers: true);
        using Pair pair = Pair.Probing(count: 9);
        // The first may come before the program is attached.
        EventRecord answer = live.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Answered && e.Source == EventSource.Segment);
        live.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Answered && e.Answered == answer.Answered + 1);

        EventRecord probe = Assert.Single(live.SoFar(e => pair.Left.Has(e) && e.Kind == EventKind.Probe && e.Probes == answer.Probes));
        Assert.Single(live.SoFar(e => pair.Left.Has(e) && e.Kind == EventKind.Answered && e.Probes == answer.Probes));
        Assert.Equal((EventCause.Ack, TcpState.Established, 1u, 0, 0u), (answer.Cause, answer.State, answer.Unanswered, answer.ProbesOut, answer.Silent));
        Assert.Equal(answer.TimeNs - probe.TimeNs, answer.RttNs);
        Assert.InRange(answer.RttNs, 1ul, 1_000_000_000ul);
    }

    private static bool IsAttached() => AttachedPrograms.OnTracepoint(Environment.ProcessId, "tcp_probe");
}
