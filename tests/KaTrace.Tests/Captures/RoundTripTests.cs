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
        ProcessIdentity before = new(7, 9, "worker"u8, "worker idle"), renamed = new(7, 9, "busy"u8, "busy 1"), after = new(7, 9, "worker"u8, "worker draining");
        Recorded recorded = new();
        Replayed replayed = Replayed.Of(recorded.Write(
        [
            .. new[] { before, renamed, after, before, after }.Select(process => (Action<Recorded, CaptureWriter>)((r, w) => r.Event(w, Sample.Probe, process, Sample.Clock))),
        ]));

        Assert.Equal(recorded.Lines, replayed.Lines);
        Assert.Equal(["worker idle", "busy 1", "worker draining", "worker idle", "worker draining"], replayed.Lines.Select(line => Event.Parser.ParseJson(line).Process.CommandLine));
    }

    [Fact]
    public void More_processes_than_a_recorder_keeps_in_mind_keep_their_arguments()
    {
        const int Processes = CaptureWriter.MostProcesses + 1000;
        Recorded recorded = new();
        byte[] file = recorded.Write(Enumerable.Range(0, Processes + 3000).Select(i =>
        {
            ProcessIdentity process = new((uint)(i % Processes) + 1, 1, "p"u8, $"p {i % Processes}");
            return (Action<Recorded, CaptureWriter>)((r, w) => r.Event(w, Sample.Probe, process, Sample.Clock));
        }));

        Assert.Equal(recorded.Lines, Replayed.Of(file).Lines);
    }

    [Fact]
    public void Writing_an_event_allocates_nothing()
    {
        using TemporaryDirectory directory = new();
        using CaptureRecorder recorder = new(new CaptureOptions { Path = directory.File("a.katrace") }, Recorded.Header);
        CaptureWriter writer = new(recorder);
        EventRecord record = Sample.Probe.ToRecord();

        Allocation.AssertNone(() => writer.Write(in record, Sample.Redis, 1, Sample.Clock));
    }
}
