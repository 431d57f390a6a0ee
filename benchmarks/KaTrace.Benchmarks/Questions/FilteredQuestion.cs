using System.Runtime.CompilerServices;
using Google.Protobuf;
using KaTrace.Benchmarks.Measuring;
using KaTrace.Bpf;
using KaTrace.Filters;
using KaTrace.V1;

namespace KaTrace.Benchmarks.Questions;

/// <summary>What tracing adds to a setsockopt(SO_KEEPALIVE) whose event the filters hide: in the kernel, before there is a record,
/// against the same filters in user space alone, which hide it once it was written and read.</summary>
internal sealed class FilteredQuestion : IQuestion
{
    private const int Calls = 20_000;
    private const int QuickCalls = 500;
    private const int Rounds = 5;

    private readonly Sample _untraced = new();
    private readonly Sample _userSpace = new();
    private readonly Hidden[] _hidden =
    [
        new("kind", """{"allowList":[{"kind":["TIMEOUT"]}]}"""),
        new("port", """{"allowList":[{"port":[80]}]}"""),
        new("pid", """{"allowList":[{"pid":[1]}]}"""),
        new("five filters", """{"denyList":[{"pid":[1]},{"netns":[1]},{"port":[80]},{"cgroupId":["1"]},{"ipVersion":["IPV4"]}]}"""),
    ];

    public string Name => "filtered";

    public IEnumerable<Row> Ask(bool quick)
    {
        int calls = quick ? QuickCalls : Calls;
        for (int round = 0; round < (quick ? 1 : Rounds); round++)
        {
            OtherTracers.WaitUntilGone();
            _untraced.Add(Peer.Run(0, "paced_caller", calls)[0]);
            OtherTracers.Look(expected: 0);
            Trace(KernelFilter.None, calls, _userSpace);
            foreach (Hidden hidden in _hidden)
                Trace(hidden.Filter, calls, hidden.P50);
        }

        yield return new Row("filtered, setsockopt untraced, p50 ns", _untraced.Text("0"), "");
        double userSpace = _userSpace.Median - _untraced.Median;
        foreach (Hidden hidden in _hidden)
        {
            double kernel = hidden.P50.Median - _untraced.Median;
            yield return new Row($"filtered, added at p50, ns: by {hidden.Name}, in user space", $"{kernel:0}", $"{userSpace:0}", kernel / userSpace,
                hidden.Filter.Decided.DenyList.Count > 1 ? null : Target.AtMost(1));
        }
    }

    private static void Trace(KernelFilter filter, int calls, Sample p50)
    {
        using KeepaliveTracer tracer = KeepaliveTracer.Start(new TracerOptions { Filter = filter });
        using SharedFd ring = new(ObjectOf(tracer).Map("events").Fd);
        using Peer reader = Peer.StartOurs(1, Roles.Live, ring.Number, (int)tracer.RingBytes);
        reader.WaitReady();
        ulong[] took = Peer.Run(0, "paced_caller", calls);
        OtherTracers.Look(expected: 1);
        ulong read = reader.Stop()[0], hidden = tracer.ReadHidden();
        // Each call is one event; others on this host may turn keepalive on as well.
        if ((filter.IsEmpty ? read : hidden) < (ulong)calls)
            throw new BenchmarkException($"{calls} calls gave {read} records, and {hidden} were hidden");
        p50.Add(took[0]);
    }

    // The tracer hands out readers, not descriptors.
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_bpf")]
    private static extern ref BpfObject ObjectOf(KeepaliveTracer tracer);

    private sealed record Hidden(string Name, string Filters)
    {
        public KernelFilter Filter { get; } = KernelFilter.Of(JsonParser.Default.Parse<FilterList>(Filters));

        public Sample P50 { get; } = new();
    }
}
