using System.Diagnostics;
using KaTrace.Bpf;
using KaTrace.KernelTests.Net;

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

    private static bool IsAttached() => AttachedPrograms.OnTracepoint(Environment.ProcessId, "tcp_probe");
}
