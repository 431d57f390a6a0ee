using KaTrace.Events;
using KaTrace.KernelTests.Net;
using KaTrace.KernelTests.Withheld;

namespace KaTrace.KernelTests.Stream;

/// <summary>A probe that this host's own queue has no room for: not sent, not counted, tried again soon.</summary>
public sealed class LocalDropTests(TracedEvents traced)
{
    [Fact]
    public void A_full_queue_is_tried_again_each_half_second_until_a_probe_gets_out()
    {
        using Pair pair = Pair.Probing(count: 2);
        pair.Left.FillQueue();

        // More of them than there are probes to send: none counts.
        EventRecord[] drops = traced.WaitFor(5, e => pair.Left.Has(e) && e.Kind == EventKind.LocalDrop);
        byte before = drops[0].ProbesOut;
        pair.Left.EmptyQueue();
        EventRecord probe = traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Probe && e.TimeNs > drops[^1].TimeNs);
        traced.WaitForOne(e => pair.Left.Has(e) && e.Kind is (EventKind.Answered or EventKind.Recovered) && e.TimeNs > drops[^1].TimeNs);

        drops = traced.SoFar(e => pair.Left.Has(e) && e.Kind == EventKind.LocalDrop);
        Assert.All(drops, e =>
        {
            Assert.Equal(before, e.ProbesOut);
            Assert.Equal(drops[0].Unanswered, e.Unanswered);
            Assert.InRange(e.Next, (traced.Hz / 2) - (traced.Hz / 10), traced.Hz / 2);
        });
        Assert.All(drops.Zip(drops.Skip(1)), two => Assert.InRange(two.Second.TimeNs - two.First.TimeNs, 490_000_000ul, 990_000_000ul));
        Assert.Equal(before + 1, probe.ProbesOut);
        Assert.Equal(drops[0].Unanswered + 1, probe.Unanswered);
        Assert.Empty(traced.SoFar(e => pair.Left.Has(e) && e.Kind == EventKind.Timeout));
        Assert.Equal(drops[^1].Probes + 1, probe.Probes);
    }
}
