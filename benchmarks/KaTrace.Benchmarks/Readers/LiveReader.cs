using System.Globalization;
using System.Runtime.InteropServices;
using KaTrace.Events;
using KaTrace.Ring;

namespace KaTrace.Benchmarks.Readers;

/// <summary>Ours, with the manners of <c>peers/epoll_reader.c</c>: reads until SIGTERM, prints "ready", and at the end
/// "records sum cpu_ns wake_ups sleeps".</summary>
internal static class LiveReader
{
    public static int Run(int ringFd, int ringBytes)
    {
        RingPipeReader ring = RingPipeReader.Open(ringFd, ringBytes);
        EventPipeline pipeline = new(ring);
        Tally tally = new();
        using PosixSignalRegistration stop = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            ring.Stop();
        });

        Console.Out.WriteLine("ready");
        TimeSpan start = Environment.CpuUsage.TotalTime;
        pipeline.Run(new Tally.Sink(tally));
        long cpuNs = (Environment.CpuUsage.TotalTime - start).Ticks * TimeSpan.NanosecondsPerTick;
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{tally.Line(cpuNs)} {ring.Wait.WakeUps} {ring.Wait.Sleeps}"));
        ring.Complete();
        return pipeline.Undecodable == 0 ? 0 : 1;
    }
}
