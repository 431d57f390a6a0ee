using System.Globalization;
using System.Text.RegularExpressions;
using KaTrace.Interop;
using KaTrace.KernelTests.Stream;
using KaTrace.V1;

namespace KaTrace.KernelTests.Cli;

/// <summary>A reader that is too slow loses events, and knows how many. Runs alone: the ring is the whole host's.</summary>
[Collection(nameof(LossTests))]
[CollectionDefinition(nameof(LossTests), DisableParallelization = true)]
public sealed partial class LossTests(TracedEvents traced)
{
    private const int ChangesASecond = 3000;

    /// <summary>Less than the ring has room for.</summary>
    private const int MostOthers = 100;

    private const string OneChangeOnEachCpu = """
        for cpu in cpus:
            os.sched_setaffinity(0, {cpu})
            on = 1 - on
            s.setsockopt(SOL_SOCKET, SO_KEEPALIVE, on)
        """;

    /// <summary>KATRACE_TEST_STOPPED_SECONDS=10 is the long run.</summary>
    private static readonly int Seconds = int.Parse(
        Environment.GetEnvironmentVariable("KATRACE_TEST_STOPPED_SECONDS") ?? "1", CultureInfo.InvariantCulture);

    private static readonly int Changes = ChangesASecond * Seconds;

    [Fact]
    public void A_stopped_reader_says_exactly_how_many_events_it_lost()
    {
        KernelAccess.Require();
        using PythonProcess python = new();
        python.Do("import time; s = socket(); on = 0; cpus = sorted(os.sched_getaffinity(0))");
        int cpus = (int)python.AskNumber("len(cpus)");
        ulong inode = python.Inode("s");
        using KatraceProcess katrace = KatraceProcess.Stream("-o", "json", "--ring-size", "64K");

        katrace.Signal(KatraceProcess.SIGSTOP);
        ulong stopped = Now();
        python.Do($"""
            begun = time.monotonic()
            for i in range({Changes}):
                on = 1 - on
                s.setsockopt(SOL_SOCKET, SO_KEEPALIVE, on)
                time.sleep(max(0, begun + i / {ChangesASecond} - time.monotonic()))
            """);
        ulong goesOn = Now();
        katrace.Signal(KatraceProcess.SIGCONT);
        katrace.WaitForEvent(e => e.Kind == Event.Types.Kind.Lost);
        // One more on each CPU: its number says how many there were.
        python.Do(OneChangeOnEachCpu);
        int made = Changes + cpus;
        traced.WaitFor(made, e => e.Ino == inode);
        int others = traced.SoFar(e => e.Ino != inode && e.TimeNs > stopped).Length;
        if (others > MostOthers)
            KernelAccess.Skip($"other programs on this host made {others} keepalive events meanwhile, and what is lost is theirs too");

        katrace.WaitForEvents(cpus, e => e.Socket?.Inode == inode && e.MonotonicNs > goesOn);

        Assert.Equal(0, katrace.Interrupt());
        ILookup<bool, Event> lines = katrace.AllEvents().ToLookup(e => e.Kind == Event.Types.Kind.Lost);
        Event[] events = [.. lines[false]];
        ulong lost = lines[true].Aggregate(0ul, (sum, e) => sum + e.Lost.Count);
        Assert.All(lines[true], e => Assert.Equal(Lost.Types.Place.KernelRing, e.Lost.Place));

        // What others did meanwhile on this host is lost with it.
        ulong end = events.Last(e => e.Socket.Inode == inode).MonotonicNs;
        ulong othersLost = (ulong)(traced.SoFar(e => e.Ino != inode && e.TimeNs > stopped && e.TimeNs < end).Length
            - events.Count(e => e.Socket.Inode != inode && e.MonotonicNs > stopped && e.MonotonicNs < end));
        Assert.Equal((ulong)made, (ulong)events.Count(e => e.Socket.Inode == inode) + lost - othersLost);
        Assert.InRange(lost, 1ul, (ulong)Changes + othersLost);

        // The kernel numbers every record of a CPU, written or lost.
        ulong numbered = events.GroupBy(e => e.Cpu).Aggregate(0ul, (sum, cpu) => sum + cpu.Max(e => e.CpuSequence));
        Assert.Equal(numbered, (ulong)events.Length + lost);

        Match summary = LostInSummary().Match(katrace.Errors.All()[^1]);
        Assert.Equal(lost, ulong.Parse(summary.Groups[1].Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture));
    }

    private static ulong Now() => (ulong)Libc.ReadClock(Libc.CLOCK_MONOTONIC);

    [GeneratedRegex(", lost ([0-9,]+) ")]
    private static partial Regex LostInSummary();
}
