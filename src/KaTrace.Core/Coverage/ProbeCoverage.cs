using System.Runtime.InteropServices;
using KaTrace.Events;

namespace KaTrace.Coverage;

/// <summary>Proof that silence means silence: probes traced, against the kernel's own count in each network namespace. Make it when
/// tracing is live: it takes the counts then.</summary>
/// <param name="hidden">Probes of a namespace that filters in the kernel have hidden: they were seen as well.</param>
internal sealed class ProbeCoverage(Func<uint, ulong> hidden)
{
    private readonly Dictionary<uint, KernelProbeCount> _before = KernelProbeCounters.Read(hidden);
    private readonly Dictionary<uint, ulong> _traced = [];
    private Dictionary<uint, KernelProbeCount> _after = [];

    /// <summary>Counts an event if it is a probe. Allocates once a namespace.</summary>
    public void Note(in EventRecord record)
    {
        if (record.Kind is not (EventKind.Probe or EventKind.LocalDrop))
            return;
        if (_before.TryGetValue(record.Netns, out KernelProbeCount before) && record.TimeNs < before.AtNs)
            return;
        if (_after.TryGetValue(record.Netns, out KernelProbeCount after) && record.TimeNs > after.AtNs)
            return;
        CollectionsMarshal.GetValueRefOrAddDefault(_traced, record.Netns, out _)++;
    }

    /// <summary>Takes the counts at the end. Events of before that are still under way are to be noted after it.</summary>
    public void TakeKernelCounts() => _after = KernelProbeCounters.Read(hidden);

    /// <summary>The two counts, over all namespaces that were there at the end: one that is gone has taken its count along.</summary>
    public (ulong Traced, ulong Kernel) Compare()
    {
        ulong traced = 0, kernel = 0;
        foreach ((uint netns, KernelProbeCount after) in _after)
        {
            // A namespace made since then started from 0; one whose inode was used before may show less than that one had.
            KernelProbeCount before = _before.GetValueOrDefault(netns);
            kernel += after.Probes >= before.Probes ? after.Probes - before.Probes : after.Probes;
            traced += _traced.GetValueOrDefault(netns) + after.Hidden - before.Hidden;
        }

        return (traced, kernel);
    }
}
