using CsCheck;
using KaTrace.Captures;
using KaTrace.Events;
using KaTrace.Processes;
using KaTrace.V1;

namespace KaTrace.Tests.Captures;

/// <summary>Whoever watches a replay sees what whoever watched it live has seen.</summary>
public sealed class RoundTripTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_replay_shows_the_lines_of_the_live_stream(bool compressed) =>
        // Each may begin two blocks: fewer than the recorder has, or some would be lost as they should.
        Recorded.Steps.Array[0, 15].Sample(steps =>
        {
            Recorded recorded = new();
            Replayed replayed = Replayed.Of(recorded.Write(steps, compressed ? Compression.Zstd : Compression.None));

            Assert.Null(replayed.Damage);
            Assert.True(replayed.IsWhole);
            Assert.Equal(recorded.Lines, replayed.Lines);
        }, iter: 200, threads: 1);

    [Fact]
    public void A_process_that_changes_its_arguments_is_shown_with_those_of_the_time()
    {
        ProcessIdentity before = Sample.Process(7, 9, "worker"u8, "worker idle"), renamed = Sample.Process(7, 9, "busy"u8, "busy 1"), after = Sample.Process(7, 9, "worker"u8, "worker draining");
        Recorded recorded = new();
        Replayed replayed = Replayed.Of(recorded.Write(
        [
            .. new[] { before, renamed, after, before, after }.Select(process => (Action<Recorded, CaptureWriter>)((r, w) => r.Event(w, Sample.Probe, process, Sample.Clock))),
        ]));

        Assert.Equal(recorded.Lines, replayed.Lines);
        Assert.Equal(["worker idle", "busy 1", "worker draining", "worker idle", "worker draining"], replayed.Lines.Select(line => Event.Parser.ParseJson(line).Process.CommandLine));
    }

    [Fact]
    public void Whatever_becomes_known_of_a_process_is_shown_from_there_on()
    {
        // One of two processes by one of two names; when a clock is set, a block begins.
        Gen<ProcessIdentity> identities = Gen.Select(Gen.OneOf(RandomEvents.Details("a"), Gen.Const((ProcessDetails?)null)), Gen.UInt[1, 2], Gen.Bool,
            (details, pid, isB) => new ProcessIdentity(new ProcessKey(pid, 9), isB ? "b"u8 : "a"u8, details is null ? null : details with { Comm = isB ? "b" : "a" }));
        Gen.Select(identities.Array[4], Gen.Select(Gen.Int[0, 3], Gen.Long[0, 1]).Array[0, 15]).Sample((known, steps) =>
        {
            Recorded recorded = new();
            Replayed replayed = Replayed.Of(recorded.Write(steps.Select(step =>
                (Action<Recorded, CaptureWriter>)((r, w) => r.Event(w, Sample.Probe, known[step.Item1], new KernelClock(Sample.Hz, step.Item2 * 1_000_000_000))))));

            Assert.Equal(recorded.Lines, replayed.Lines);
        }, iter: 1000, threads: 1);
    }

    [Fact]
    public void More_processes_than_a_recorder_keeps_in_mind_keep_their_arguments()
    {
        const int Processes = CaptureWriter.MostProcesses + 1000;
        Recorded recorded = new();
        byte[] file = recorded.Write(Enumerable.Range(0, Processes + 3000).Select(i =>
        {
            ProcessIdentity process = Sample.Process((uint)(i % Processes) + 1, 1, "p"u8, $"p {i % Processes}");
            return (Action<Recorded, CaptureWriter>)((r, w) => r.Event(w, Sample.Probe, process, Sample.Clock));
        }));

        Assert.Equal(recorded.Lines, Replayed.Of(file).Lines);
    }

    [Fact]
    public void Writing_an_event_allocates_nothing()
    {
        using TemporaryDirectory directory = new();
        using CaptureRecorder recorder = new(new CaptureOptions { Path = directory.File("a.katrace") }, new Recorded().Header);
        CaptureWriter writer = new(recorder);
        EventRecord record = Sample.Probe.ToRecord();

        Allocation.AssertNone(() => writer.Write(in record, Sample.Redis, 1, Sample.Clock));
    }
}
