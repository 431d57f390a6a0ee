using KaTrace.Benchmarks.Measuring;

namespace KaTrace.Benchmarks.Questions;

/// <summary>As <see cref="DrainQuestion"/>, beside <c>ReadInto</c> of cilium/ebpf, with which Go programs read.</summary>
internal sealed class DrainGoQuestion : IQuestion
{
    private const string Cilium = "drain_cilium";

    public string Name => "drain-go";

    public IEnumerable<Row> Ask(bool quick)
    {
        const string Question = "drain, ns CPU a record: cilium/ebpf ReadInto";
        using Drain ours = Drain.Ours();
        if (!Peer.IsBuilt(Cilium))
        {
            Drain.Interleave(quick, ours);
            yield return new Row(Question, ours.Text, Peer.WhyNotBuilt(Cilium, "Go or no cilium/ebpf"));
            yield break;
        }

        using Drain cilium = Drain.OfPeer(Cilium);
        Drain.Interleave(quick, ours, cilium);
        yield return new Row(Question, ours.Text, cilium.Text, cilium.Median / ours.Median, Target.AtLeast(5));
    }
}
