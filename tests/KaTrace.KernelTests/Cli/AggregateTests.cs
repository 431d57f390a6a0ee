using KaTrace.KernelTests.Net;
using KaTrace.KernelTests.Serve;
using KaTrace.KernelTests.Withheld;
using KaTrace.V1;

namespace KaTrace.KernelTests.Cli;

/// <summary><c>stream --aggregate</c>, of this kernel and of an agent.</summary>
public sealed class AggregateTests
{
    private static readonly string[] InThreeSeconds = ["-o", "json", "--aggregate", "3s"];

    [Fact]
    public void Probes_of_this_kernel_are_shown_once_in_a_time_and_the_rest_at_the_end()
    {
        using Pair pair = Pair.Unprobed();
        using KatraceProcess katrace = KatraceProcess.Stream([.. InThreeSeconds, "--netns", pair.Left.Name]);
        pair.Client.SetKeepalive(idle: 1, interval: 1, count: 9);
        AssertAggregated(katrace);

        long shown = pair.Left.KeepaliveProbes();
        Until.True(() => pair.Left.KeepaliveProbes() > shown, "a probe that is held back");
        long atLeast = pair.Left.KeepaliveProbes();
        Assert.Equal(0, katrace.Interrupt());
        long atMost = pair.Left.KeepaliveProbes();

        Assert.InRange(Probes(katrace.AllEvents()).Sum(Stands), atLeast, atMost);
    }

    [Fact]
    public void Probes_told_by_an_agent_are_shown_the_same_way()
    {
        using AgentProcess agent = AgentProcess.Start();
        using Pair pair = Pair.Probing(count: 9);
        using KatraceProcess katrace = KatraceProcess.Start(["stream", "--server", agent.Address, .. InThreeSeconds, "--netns", pair.Left.Name]);
        AssertAggregated(katrace);

        Assert.Equal(0, katrace.Interrupt());
        Event[] probes = Probes(katrace.AllEvents());
        Assert.Equal(probes[^1].Keepalive.Probes, probes[0].Keepalive.Probes + probes.Skip(1).Sum(Stands));
    }

    private static void AssertAggregated(KatraceProcess katrace)
    {
        Event probe = katrace.WaitForEvents(2, e => e.Kind == Event.Types.Kind.Probe && e.Count > 1)[0];
        Assert.InRange(probe.Count, 2u, 4u);
        Assert.InRange(probe.MonotonicNs - probe.FirstMonotonicNs, 900_000_000ul, 3_000_000_000ul);
    }

    private static Event[] Probes(IEnumerable<Event> events) => [.. events.Where(e => e.Kind == Event.Types.Kind.Probe)];

    private static long Stands(Event probe) => probe.HasCount ? probe.Count : 1;
}
