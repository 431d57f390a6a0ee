using System.Diagnostics;
using System.Globalization;

namespace KaTrace.Benchmarks.Fanout;

/// <summary>The measured process: makes so many events as it is asked for, and tells its own CPU time.</summary>
internal static class FanoutServer
{
    /// <summary>As many as a batch of the ring has at full speed.</summary>
    private const ulong BatchSize = 500;

    public static int Run(string kind, string address, int rate)
    {
        IFanoutSide side = kind == "ours" ? new OurSide() : new ObjectSide();
        side.StartAsync(address).GetAwaiter().GetResult();
        Console.WriteLine("ready");
        ulong number = 0;
        while (Console.ReadLine() is { Length: > 0 } line)
        {
            ulong count = ulong.Parse(line, CultureInfo.InvariantCulture);
            TimeSpan before = Environment.CpuUsage.TotalTime;
            long began = Stopwatch.GetTimestamp();
            long garbage = GC.GetTotalAllocatedBytes();
            if (rate > 0)
                MakePaced(side, ref number, count, rate);
            else
                MakeAll(side, ref number, count);
            while (!side.IsDrained)
                Thread.Sleep(1);
            double cpuNs = (Environment.CpuUsage.TotalTime - before).TotalNanoseconds, wallNs = Stopwatch.GetElapsedTime(began).TotalNanoseconds;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{cpuNs:0} {wallNs:0} {GC.GetTotalAllocatedBytes() - garbage} {Environment.WorkingSet}"));
        }

        return 0;
    }

    private static void MakeAll(IFanoutSide side, ref ulong number, ulong count)
    {
        for (ulong made = 0; made < count; made++)
        {
            side.Make(++number);
            if (number % BatchSize == 0)
                side.Publish();
        }

        side.Publish();
    }

    private static void MakePaced(IFanoutSide side, ref ulong number, ulong count, int rate)
    {
        long began = Stopwatch.GetTimestamp();
        for (ulong made = 0; made < count; made++)
        {
            long due = began + (long)(made * (double)Stopwatch.Frequency / rate);
            while (due - Stopwatch.GetTimestamp() is var left && left > 0)
            {
                if (left > Stopwatch.Frequency / 5_000)
                    Thread.Sleep(TimeSpan.FromMicroseconds(100));
            }

            side.Make(++number);
            side.Publish();
        }
    }
}
