using KaTrace.KernelTests.Net;
using KaTrace.KernelTests.Serve;
using KaTrace.KernelTests.Withheld;
using KaTrace.V1;

namespace KaTrace.KernelTests.Cli;

/// <summary><c>stream --aggregate</c>, of this kernel and of an agent.</summary>
public sealed class AggregateTests
{
    private static readonly string[] InThreeSeconds = ["-o", "json", "--aggregate", "3s"];

    [TimerFact]
    public void Probes_of_this_kernel_are_shown_once_in_a_time_and_the_rest_at_the_end()
    {
        using Pair pair = Pair.Probing(count: 9);
        using KatraceProcess katrace = KatraceProcess.Stream([.. InThreeSeconds, "--netns", pair.Left.Name]);

        AssertAggregated(katrace);
    }

    [TimerFact]
    public void Probes_told_by_an_agent_are_shown_the_same_way()
    {
        using AgentProcess agent = AgentProcess.Start();
        using Pair pair = Pair.Probing(count: 9);
        using KatraceProcess katrace = KatraceProcess.Start(["stream", "--server", agent.Address, .. InThreeSeconds, "--netns", pair.Left.Name]);

        AssertAggregated(katrace);
    }

    private static void AssertAggregated(KatraceProcess katrace)
    {
        Event probe = katrace.WaitForEvents(2, e => e.Kind == Event.Types.Kind.Probe && e.Count > 1)[0];
        Assert.InRange(probe.Count, 2u, 4u);
        Assert.InRange(probe.MonotonicNs - probe.FirstMonotonicNs, 900_000_000ul, 3_000_000_000ul);

        Assert.Equal(0, katrace.Interrupt());
        Event[] probes = [.. katrace.AllEvents().Where(e => e.Kind == Event.Types.Kind.Probe)];
        Assert.Equal(probes[^1].Keepalive.Probes, probes[0].Keepalive.Probes + (uint)probes.Skip(1).Sum(e => e.HasCount ? e.Count : 1));
    }
}
