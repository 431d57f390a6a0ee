using System.Runtime.InteropServices;
using KaTrace.Events;

namespace KaTrace.Coverage;

/// <summary>Proof that silence means silence: probes traced, against the kernel's own count in each network namespace.</summary>
internal sealed class ProbeCoverage
{
    private readonly Dictionary<uint, ulong> _before;
    private readonly Dictionary<uint, ulong> _traced = [];
    private readonly ulong _sinceNs;
    private ulong _untilNs = ulong.MaxValue;

    /// <summary>Takes the counts at the start. Call it when tracing is live.</summary>
    public ProbeCoverage()
    {
        _before = KernelProbeCounters.Read();
        _sinceNs = RealtimeOffset.MonotonicNs;
    }

    /// <summary>Counts an event if it is a probe. Allocates once a namespace.</summary>
    public void Note(in EventRecord record)
    {
        if (record.Kind is EventKind.Probe or EventKind.LocalDrop && record.TimeNs >= _sinceNs && record.TimeNs <= _untilNs)
            CollectionsMarshal.GetValueRefOrAddDefault(_traced, record.Netns, out _)++;
    }

    /// <summary>Takes the counts at the end. Events of before that are still under way are to be noted after it.</summary>
    public KernelCounts TakeKernelCounts()
    {
        _untilNs = RealtimeOffset.MonotonicNs;
        return new KernelCounts(KernelProbeCounters.Read());
    }

    /// <summary>The two counts, over all namespaces that were there at the end: one that is gone has taken its count along.</summary>
    public (ulong Traced, ulong Kernel) Compare(KernelCounts counts)
    {
        ulong traced = 0, kernel = 0;
        foreach ((uint netns, ulong now) in counts.ByNetns)
        {
            // A namespace made since then started from 0; one whose inode was used before may show less than that one had.
            ulong before = _before.GetValueOrDefault(netns);
            kernel += now >= before ? now - before : now;
            traced += _traced.GetValueOrDefault(netns);
        }

        return (traced, kernel);
    }

    /// <param name="ByNetns">By inode.</param>
    internal readonly record struct KernelCounts(Dictionary<uint, ulong> ByNetns);
}
