using CsCheck;
using KaTrace.Coverage;
using KaTrace.Events;
using Xunit;

namespace KaTrace.Tests.Coverage;

public class ProbeCoverageTests
{
    private const uint Netns = 4026531840;

    private readonly Dictionary<uint, KernelProbeCount> _kernel = [];

    [Fact]
    public void A_probe_of_before_tracing_was_live_is_in_neither_count()
    {
        _kernel[Netns] = new KernelProbeCount(Probes: 7, AtNs: 100, Hidden: 0);
        ProbeCoverage coverage = new(Counts);
        Probe(coverage, 99);
        Probe(coverage, 101);

        Look(coverage, new KernelProbeCount(Probes: 8, AtNs: 200, Hidden: 0));

        Assert.Equal((1ul, 1ul), coverage.Totals);
    }

    [Fact]
    public void A_probe_that_was_not_traced_shows()
    {
        ProbeCoverage coverage = new(Counts);
        Probe(coverage, 1);

        Look(coverage, new KernelProbeCount(Probes: 3, AtNs: 200, Hidden: 1));

        Assert.Equal((2ul, 3ul), coverage.Totals);
    }

    [Fact]
    public void A_namespace_that_is_gone_has_taken_its_counts_along()
    {
        ProbeCoverage coverage = new(Counts);
        Probe(coverage, 1);
        Look(coverage, new KernelProbeCount(Probes: 1, AtNs: 10, Hidden: 0));
        Probe(coverage, 11);
        Probe(coverage, 12);
        _kernel.Clear();

        coverage.BeginLook();
        coverage.TakeKernelCounts();
        coverage.Settle();

        Assert.Equal((1ul, 1ul), coverage.Totals);
    }

    [Fact]
    public void A_namespace_with_the_inode_of_an_older_one_starts_from_nothing()
    {
        ProbeCoverage coverage = new(Counts);
        for (ulong time = 1; time <= 5; time++)
            Probe(coverage, time);
        Look(coverage, new KernelProbeCount(Probes: 5, AtNs: 10, Hidden: 0));
        Probe(coverage, 11);

        Look(coverage, new KernelProbeCount(Probes: 1, AtNs: 20, Hidden: 0));

        Assert.Equal((6ul, 6ul), coverage.Totals);
    }

    /// <summary>Probes are told while the counts are taken, before and after, and late. Of those that the kernel had counted by then,
    /// all that were told are in the comparison, and no other.</summary>
    [Fact]
    public void Counts_are_as_of_the_time_that_they_were_taken() => Gen.Select(Gen.Int[0, 2], Gen.ULong[1, 5]).List[0, 60].Sample(steps =>
    {
        ulong sent = 0, told = 0, counted = 0;
        Dictionary<uint, KernelProbeCount> kernel = [];
        ProbeCoverage coverage = new(() => kernel);
        foreach ((int step, ulong count) in steps)
        {
            switch (step)
            {
                case 0:
                    sent += count;
                    break;
                case 1:
                    Tell(count);
                    break;
                default:
                    coverage.BeginLook();
                    Tell(count);
                    kernel[Netns] = new KernelProbeCount(counted = sent, AtNs: sent, Hidden: 0);
                    coverage.TakeKernelCounts();
                    sent += count;
                    Tell(count);
                    coverage.Settle();
                    break;
            }

            if (coverage.Totals != (Math.Min(told, counted), counted))
                return false;
        }

        return true;

        // The kernel numbers probes by the time that they are sent at: 1, 2, ...
        void Tell(ulong count)
        {
            for (; count > 0 && told < sent; count--)
                Probe(coverage, ++told);
        }
    });

    private Dictionary<uint, KernelProbeCount> Counts() => new(_kernel);

    private void Look(ProbeCoverage coverage, KernelProbeCount count)
    {
        _kernel[Netns] = count;
        coverage.BeginLook();
        coverage.TakeKernelCounts();
        coverage.Settle();
    }

    private static void Probe(ProbeCoverage coverage, ulong timeNs) =>
        coverage.Note(new RawEvent { Kind = EventKind.Probe, Netns = Netns, TimeNs = timeNs }.ToRecord());
}
