using KaTrace.Bpf;
using KaTrace.Events;

namespace KaTrace.Coverage;

/// <summary>Proof that silence means silence: probes traced, against the kernel's own count in each network namespace. Make it when
/// tracing is live: it takes the counts then. Each look takes them anew, at a time of its own in each namespace, and compares
/// once the events of before have been noted.</summary>
/// <remarks>All on the pipeline's thread, but for <see cref="TakeKernelCounts"/>, which takes a while.</remarks>
/// <param name="read">The counts of all namespaces that can be reached, by inode.</param>
internal sealed class ProbeCoverage(Func<IReadOnlyDictionary<uint, KernelProbeCount>> read)
{
    /// <summary>Probes told during one look: beyond that the look is given up, as memory is worth more.</summary>
    private const int MostUnderWay = 1 << 20;

    private readonly Dictionary<uint, Since> _namespaces = read().ToDictionary(count => count.Key, count => new Since(count.Value));
    private readonly List<(uint Netns, ulong TimeNs)> _underWay = [];
    private IReadOnlyDictionary<uint, KernelProbeCount>? _counts;
    private bool _isLooking;
    private ulong _traced;
    private ulong _kernel;

    /// <summary>By the counts of this kernel. Probes that the tracer's filters hide in the kernel were seen as well.</summary>
    public static ProbeCoverage Of(KeepaliveTracer tracer) => new(() => KernelProbeCounters.Read(tracer.ReadHiddenProbes));

    /// <summary>The two counts as of the last look, over all namespaces that were there at it: one that is gone has taken its
    /// count since the look before along.</summary>
    public (ulong Traced, ulong Kernel) Totals => (_traced, _kernel);

    /// <summary>Counts an event if it is a probe. Allocates once a namespace.</summary>
    public void Note(in EventRecord record)
    {
        if (record.Kind is not (EventKind.Probe or EventKind.LocalDrop))
            return;
        if (!_isLooking)
            Count(record.Netns, record.TimeNs);
        else if (_underWay.Count < MostUnderWay)
            _underWay.Add((record.Netns, record.TimeNs));
        else
            GiveUp();
    }

    /// <summary>Until <see cref="Settle"/>, events may be of before the counts are taken or of after.</summary>
    public void BeginLook() => (_isLooking, _counts) = (true, null);

    /// <summary>Any thread, between <see cref="BeginLook"/> and <see cref="Settle"/>.</summary>
    public void TakeKernelCounts() => Volatile.Write(ref _counts, read());

    /// <summary>To be called once the events of before the counts were noted. One that comes later still is counted when it comes.</summary>
    public void Settle()
    {
        if (!_isLooking || Volatile.Read(ref _counts) is not { } counts)
            return;
        foreach ((uint netns, KernelProbeCount count) in counts)
            Of(netns).Next = count;
        CountUnderWay();
        foreach (uint gone in _namespaces.Keys.Where(netns => !counts.ContainsKey(netns)).ToArray())
            _namespaces.Remove(gone);
        foreach (Since since in _namespaces.Values)
        {
            (ulong traced, ulong kernel) = since.Settle();
            _traced += traced;
            _kernel += kernel;
        }
    }

    private void GiveUp()
    {
        CountUnderWay();
        _counts = null;
    }

    private void CountUnderWay()
    {
        _isLooking = false;
        foreach ((uint netns, ulong timeNs) in _underWay)
            Count(netns, timeNs);
        _underWay.Clear();
    }

    private void Count(uint netns, ulong timeNs)
    {
        if (Of(netns).Count(timeNs))
            _traced++;
    }

    private Since Of(uint netns)
    {
        if (!_namespaces.TryGetValue(netns, out Since? since))
            _namespaces.Add(netns, since = new Since(null));
        return since;
    }

    /// <summary>One namespace since the last look.</summary>
    /// <param name="first">Of when tracing began; null: it did not exist, or could not be reached then.</param>
    private sealed class Since(KernelProbeCount? first)
    {
        private KernelProbeCount _last = first ?? default;
        private bool _wasCompared;
        private ulong _traced;
        private ulong _later;

        /// <summary>Of the look that is under way.</summary>
        public KernelProbeCount? Next { get; set; }

        /// <returns>It belongs to what was compared already.</returns>
        public bool Count(ulong timeNs)
        {
            if (timeNs <= _last.AtNs)
                return _wasCompared;
            if (Next is { } next && timeNs > next.AtNs)
                _later++;
            else
                _traced++;
            return false;
        }

        public (ulong Traced, ulong Kernel) Settle()
        {
            KernelProbeCount next = Next!.Value;
            // A namespace whose inode another had before started from 0, and may show less than that one did.
            ulong kernel = next.Probes >= _last.Probes ? next.Probes - _last.Probes : next.Probes;
            ulong traced = _traced + next.Hidden - _last.Hidden;
            (_last, Next, _wasCompared, _traced, _later) = (next, null, true, _later, 0);
            return (traced, kernel);
        }
    }
}
