using System.Diagnostics;
using System.Runtime.InteropServices;
using KaTrace.Bpf;
using KaTrace.Coverage;
using KaTrace.Events;
using KaTrace.Processes;
using KaTrace.Ring;

namespace KaTrace.Cli.Streaming;

/// <summary>One run of <c>katrace stream</c>, from attached programs to the last line.</summary>
internal static class StreamSession
{
    private static readonly TimeSpan TickEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan HintAfter = TimeSpan.FromSeconds(5);

    /// <param name="options">What is traced.</param>
    /// <param name="open">Makes what takes the events, once the programs are attached.</param>
    /// <exception cref="BpfException">Tracing cannot be set up.</exception>
    /// <exception cref="IOException">The output cannot be written.</exception>
    public static int Run(StreamOptions options, Func<KeepaliveTracer, IStreamTarget> open)
    {
        using ProcessCatalog processes = new();
        Task prepared = processes.PrepareAsync();
        // Not disposed: taking programs down takes the kernel 200 ms, and it does so anyway when the process ends.
        KeepaliveTracer tracer = KeepaliveTracer.Start(options.Tracer);
        RingPipeReader reader = tracer.OpenRing();
        EventPipeline pipeline = new(reader);
        LossMonitor losses = new(tracer, pipeline);
        using IStreamTarget target = open(tracer);
        using AnswerPoller? answers = AnswerPoller.CanHelp(tracer) ? new AnswerPoller(tracer, warning => Console.Error.WriteLine($"katrace: {warning}")) : null;
        StreamSink sink = new(options, target.Writer, target.Output, losses, processes, answers, ProbeCoverage.Of(tracer), tracer.Hz, tracer.OwnTgid, reader.Stop);
        using Reconciler? reconciler = options.Reconcile > TimeSpan.Zero ? new Reconciler(tracer, options.Reconcile, SnapshotFailed) : null;
        if (!target.IsWatched)
            reader.Wait.ModeratedSleep = RingWait.MaxModeratedSleep;

        using PosixSignalRegistration interrupt = StopOn(PosixSignal.SIGINT, reader);
        using PosixSignalRegistration terminate = StopOn(PosixSignal.SIGTERM, reader);
        using PosixSignalRegistration hangUp = StopOn(PosixSignal.SIGHUP, reader);
        prepared.Wait();
        Console.Error.WriteLine(StreamStatus.Live(tracer, options));

        using DemoTraffic? demo = options.Demo ? new DemoTraffic() : null;
        demo?.Start();
        using Timer? end = options.Duration is { } duration ? new Timer(_ => reader.Stop(), null, duration, Timeout.InfiniteTimeSpan) : null;
        using Timer tick = new(_ => Tick(sink, reader), null, TickEvery, TickEvery);
        using Timer? hint = target.IsWatched && IsInteractive(options) ? new Timer(_ => Hint(sink, options, tracer), null, HintAfter, Timeout.InfiniteTimeSpan) : null;

        pipeline.Run(sink);
        sink.Coverage.BeginLook();
        sink.Coverage.TakeKernelCounts();
        pipeline.Run(sink); // what was on its way while they were read
        sink.Coverage.Settle();
        sink.ShowHeld();
        sink.ReportLosses();
        target.Output.Flush();
        return target.End(new StreamTotals(sink.Shown, sink.FilteredOut + tracer.ReadHidden(), [.. losses.Total], sink.Coverage.Totals));
    }

    private static PosixSignalRegistration StopOn(PosixSignal signal, RingPipeReader reader) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            reader.Stop();
        });

    /// <summary>Cuts a wait short, so that the work is done on the pipeline's own thread also while it is quiet.</summary>
    private static void Tick(StreamSink sink, RingPipeReader reader)
    {
        sink.RequestTick();
        reader.CancelPendingRead();
    }

    private static void Hint(StreamSink sink, StreamOptions options, KeepaliveTracer tracer)
    {
        if (sink.Shown == 0)
            Console.Error.WriteLine(StreamStatus.NothingYet(options, HintAfter, sink.FilteredOut + tracer.ReadHidden()));
    }

    private static void SnapshotFailed(string reason) =>
        Console.Error.WriteLine($"katrace: {reason}; changes that no hook sees are not found until it works again");

    private static bool IsInteractive(StreamOptions options) => !options.Demo && !Console.IsErrorRedirected && !Console.IsOutputRedirected;
}
