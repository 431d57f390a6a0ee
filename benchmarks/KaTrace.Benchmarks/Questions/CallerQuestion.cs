using System.Runtime.CompilerServices;
using KaTrace.Benchmarks.Measuring;
using KaTrace.Bpf;

namespace KaTrace.Benchmarks.Questions;

/// <summary>What tracing adds to a setsockopt(SO_KEEPALIVE) of a traced program that makes one each 100 us. The programs in the
/// kernel are the same on both sides: only the reader differs, and so who pays for its wake-ups.</summary>
internal sealed class CallerQuestion : IQuestion
{
    private const int Calls = 20_000;
    private const int QuickCalls = 500;
    private const int Rounds = 5;

    private readonly Side _untraced = new();
    private readonly Side _ours = new();
    private readonly Side _libbpf = new();

    public string Name => "caller";

    public IEnumerable<Row> Ask(bool quick)
    {
        int calls = quick ? QuickCalls : Calls;
        for (int round = 0; round < (quick ? 1 : Rounds); round++)
        {
            OtherTracers.WaitUntilGone();
            _untraced.Add(Peer.Run(0, "paced_caller", calls));
            OtherTracers.Look(expected: 0);
            using KeepaliveTracer tracer = KeepaliveTracer.Start(new TracerOptions());
            Trace(tracer, (fd, bytes) => Peer.StartOurs(1, Roles.Live, fd, bytes), calls, _ours);
            Trace(tracer, (fd, bytes) => Peer.Start(1, "epoll_reader", fd, bytes), calls, _libbpf);
        }

        double ours = _ours.P50.Median - _untraced.P50.Median, libbpf = _libbpf.P50.Median - _untraced.P50.Median;
        yield return new Row("caller, setsockopt untraced, p50 ns", _untraced.P50.Text("0"), "");
        yield return new Row("caller, added at p50, ns: libbpf epoll loop", $"{ours:0}", $"{libbpf:0}", ours / libbpf,
            Target.AtMost(0.125));
        yield return new Row("caller, p99 ns", _ours.P99.Text("0"), _libbpf.P99.Text("0"),
            _ours.P99.Median / _libbpf.P99.Median);
        yield return new Row("caller, reader's ns CPU an event", _ours.ReaderCpu.Text("0"), _libbpf.ReaderCpu.Text("0"),
            _ours.ReaderCpu.Median / _libbpf.ReaderCpu.Median);
    }

    private static void Trace(KeepaliveTracer tracer, Func<int, int, Peer> start, int calls, Side side)
    {
        using SharedFd ring = new(ObjectOf(tracer).Map("events").Fd);
        using Peer reader = start(ring.Number, (int)tracer.RingBytes);
        reader.WaitReady();
        ulong[] took = Peer.Run(0, "paced_caller", calls);
        OtherTracers.Look(expected: 1);
        ulong[] read = reader.Stop();
        // Each call is one event; others on this host may turn keepalive on as well.
        if (read[0] < (ulong)calls)
            throw new BenchmarkException($"{calls} calls gave {read[0]} events");
        side.Add(took);
        side.ReaderCpu.Add((double)read[2] / read[0]);
    }

    // The tracer hands out readers, not descriptors, and the peer needs the latter.
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_bpf")]
    private static extern ref BpfObject ObjectOf(KeepaliveTracer tracer);

    private sealed class Side
    {
        public Sample P50 { get; } = new();

        public Sample P99 { get; } = new();

        public Sample ReaderCpu { get; } = new();

        public void Add(ulong[] took)
        {
            P50.Add(took[0]);
            P99.Add(took[1]);
        }
    }
}
