using KaTrace.Benchmarks.Interop;
using KaTrace.Events;
using KaTrace.Interop;
using KaTrace.Ring;

namespace KaTrace.Benchmarks.Readers;

/// <summary>Ours, with the manners of <c>peers/drain_libbpf.c</c>: for each line on stdin, drains the ring and prints
/// "records sum cpu_ns".</summary>
internal static class Drainer
{
    public static int Run(int ringFd, int ringBytes)
    {
        RingPipeReader ring = RingPipeReader.Open(ringFd, ringBytes);
        EventPipeline pipeline = new(new DrainedPipe(ring));
        Tally tally = new();
        while (Console.In.ReadLine() is not null)
        {
            tally.Clear();
            long start = Libc.ReadClock(Native.CLOCK_THREAD_CPUTIME_ID);
            pipeline.Run(new Tally.Sink(tally));
            long took = Libc.ReadClock(Native.CLOCK_THREAD_CPUTIME_ID) - start;
            Console.Out.WriteLine(tally.Line(took));
        }

        ring.Complete();
        return pipeline.Undecodable == 0 ? 0 : 1;
    }
}
