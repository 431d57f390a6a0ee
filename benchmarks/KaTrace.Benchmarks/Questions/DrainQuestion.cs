using KaTrace.Benchmarks.Measuring;

namespace KaTrace.Benchmarks.Questions;

/// <summary>CPU time to read a full ring, a record: our pipeline beside libbpf's callback, and beside a loop that only reads
/// every byte.</summary>
internal sealed class DrainQuestion : IQuestion
{
    public string Name => "drain";

    public IEnumerable<Row> Ask(bool quick)
    {
        using Drain ours = Drain.Ours();
        using Drain libbpf = Drain.OfPeer("drain_libbpf");
        using Drain floor = Drain.OfPeer("drain_floor");
        Drain.Interleave(quick, ours, libbpf, floor);
        yield return new Row("drain, ns CPU a record: libbpf callback", ours.Text, libbpf.Text,
            libbpf.Median / ours.Median, Target.AtLeast(1.6));
        yield return new Row("drain, ns CPU a record: C reading every byte", ours.Text, floor.Text,
            ours.Median / floor.Median, Target.AtMost(1.25));
    }
}
