using KaTrace.Benchmarks.Measuring;

namespace KaTrace.Benchmarks.Questions;

/// <summary>Records a second through a ring while one core does nothing but write and the other reads. It is the writing core
/// that decides: it pays for the wake-ups.</summary>
internal sealed class LiveQuestion : IQuestion
{
    private const int RingBytes = 8 << 20;
    private const int Rounds = 7;

    public string Name => "live";

    public IEnumerable<Row> Ask(bool quick)
    {
        Sample ours = new(), libbpf = new(), oursCpu = new(), libbpfCpu = new();
        int milliseconds = quick ? 100 : 1000;
        for (int round = 0; round < (quick ? 1 : Rounds); round++)
        {
            Run(fd => Peer.StartOurs(1, Roles.Live, fd, RingBytes), milliseconds, ours, oursCpu);
            Run(fd => Peer.Start(1, "epoll_reader", fd, RingBytes), milliseconds, libbpf, libbpfCpu);
        }

        yield return new Row("live, M records/s: libbpf epoll loop", ours.Text("0.00"), libbpf.Text("0.00"),
            ours.Median / libbpf.Median, Target.AtLeast(5));
        yield return new Row("live, reader's ns CPU a record", oursCpu.Text("0.0"), libbpfCpu.Text("0.0"),
            libbpfCpu.Median / oursCpu.Median);
    }

    private static void Run(Func<int, Peer> start, int milliseconds, Sample rate, Sample cpu)
    {
        using EventFill fill = new(RingBytes);
        using SharedFd ring = new(fill.RingFd), program = new(fill.ProgramFd);
        using Peer reader = start(ring.Number);
        reader.WaitReady();
        ulong[] written = Peer.Run(0, "producer", program.Number, milliseconds);
        ulong[] read = reader.Stop();
        if (read[0] != written[0] || read[1] != EventFill.ExpectedSum(0, written[0]))
            throw new BenchmarkException($"{written[0]} records were written and {read[0]} read, or their sums differ");
        rate.Add(written[0] * 1e3 / written[2]);
        cpu.Add((double)read[2] / read[0]);
    }
}
