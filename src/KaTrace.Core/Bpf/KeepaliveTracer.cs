using System.Globalization;
using KaTrace.Interop;
using KaTrace.Ring;

namespace KaTrace.Bpf;

/// <summary>The programs in the kernel, from load to attached. Owns them: disposed, or with its process gone, nothing is left.</summary>
internal sealed class KeepaliveTracer : IDisposable
{
    /// <summary>Whose hidden probes are counted; probes of further ones are not hidden.</summary>
    public const uint MostNamespaces = 1024;

    private readonly BpfObject _bpf;
    private readonly List<BpfLink> _links;
    private readonly int _pollAnswerFd;
    private readonly Snapshots _snapshots;
    private readonly BpfProgram? _segments;
    private readonly BpfProgram[] _attached;
    private readonly CpuCounters[] _counters = new CpuCounters[Libbpf.libbpf_num_possible_cpus()];

    private KeepaliveTracer(BpfObject bpf, List<BpfLink> links, BackendChoice choice, Snapshots snapshots, uint hz, uint ownTgid, uint ringBytes)
    {
        IReadOnlyList<ChosenBackend> backends = choice.Chosen;
        (_bpf, _links, Backends, _snapshots, Hz, OwnTgid, RingBytes) = (bpf, links, backends, snapshots, hz, ownTgid, ringBytes);
        Slower = choice.Slower;
        _attached = [.. choice.Attached.Select(bpf.Program)];
        BpfProgram poll = bpf.Program("poll_answer");
        if (choice.OnDemand is { } segments)
            _segments = bpf.Program(segments);
        _pollAnswerFd = backends.Any(b => b.Backend == Hook.PollAnswers) ? poll.Fd : -1;
    }

    /// <summary>How each thing is seen, and why not in a better way.</summary>
    public IReadOnlyList<ChosenBackend> Backends { get; }

    /// <summary>Why the programs read by helper calls (some 1,000 ns more a traced setsockopt); null if they do not.</summary>
    public string? Slower { get; }

    /// <summary>Jiffies a second.</summary>
    public uint Hz { get; }

    /// <summary>This process in the initial pid namespace, where events say who did it.</summary>
    public uint OwnTgid { get; }

    public uint RingBytes { get; }

    public int Programs => _links.Count;

    /// <summary>Loads, proves (<see cref="KernelSelfTest"/>), attaches, and learns the sockets that are there: when it
    /// returns, tracing is live.</summary>
    /// <exception cref="BpfException">With a message for the user.</exception>
    public static KeepaliveTracer Start(TracerOptions options)
    {
        BackendChoice choice = new(Hook.Forced(options.Backend, options.LiveAnswers));
        while (true)
        {
            try
            {
                return Start(options, choice);
            }
            catch (BackendException e)
            {
                choice.Reject(e.Hook, e.Cause); // throws the cause when no way is left
            }
        }
    }

    /// <summary>The one reader of the ring. Complete it before the tracer is disposed.</summary>
    public RingPipeReader OpenRing() => RingPipeReader.Open(_bpf.Map("events").Fd, (int)RingBytes);

    /// <summary>How often the kernel skipped one of our programs since the start.</summary>
    public ulong ReadSkipped()
    {
        ulong skipped = 0;
        foreach (BpfProgram program in _attached)
            skipped += program.RecursionMisses;
        return skipped;
    }

    /// <summary>The same by program, for messages: those that were skipped.</summary>
    public string DescribeSkipped() => string.Join(", ", _attached
        .Select(program => (program.Name, Skipped: program.RecursionMisses)).Where(p => p.Skipped > 0)
        .Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Name} {p.Skipped}")));

    /// <summary>Whether <see cref="IsAnswerPending"/> can tell anything.</summary>
    public bool CanPollAnswers => _pollAnswerFd >= 0;

    /// <summary>Looks whether the last probe of a socket was answered, which then comes as an event. Thread-safe.</summary>
    /// <returns>False once it was, or is nobody's to wait for any more.</returns>
    public bool IsAnswerPending(ulong sk, ulong cookie)
    {
        AnswerQuery query = new() { Sk = sk, Cookie = cookie };
        return BpfProgram.Call(_pollAnswerFd, ref query) == 0 && query.Pending != 0;
    }

    /// <summary>Whether <see cref="AttachLiveAnswers"/> can be called: asked for, and attached once already.</summary>
    public bool CanAnswerLive => _segments is not null;

    /// <summary>Until the link is disposed, answers come as events when they come in. Thread-safe.</summary>
    /// <exception cref="BpfException">The kernel does not attach it.</exception>
    public BpfLink AttachLiveAnswers() => _segments!.Value.Attach();

    /// <summary>Looks at all sockets: see <see cref="Snapshots.Take"/>. For a thread of its own, and one at a time.</summary>
    public long TakeSnapshot() => _snapshots.Take();

    /// <summary>How often that was done, the first time at the start included.</summary>
    public uint SnapshotsTaken => _snapshots.Taken;

    /// <summary>What was dropped since the start, summed over the CPUs, by <see cref="KernelDrop"/>.</summary>
    public void ReadDrops(Span<ulong> drops)
    {
        _bpf.Map("counters").LookupPerCpu(0, _counters.AsSpan());
        drops.Clear();
        foreach (ref readonly CpuCounters cpu in _counters.AsSpan())
        {
            for (int reason = 0; reason < KernelDropReasons.Count; reason++)
                drops[reason] += cpu.Drops[reason];
        }
    }

    /// <summary>Records that the programs did not make since the start, by the filters. Thread-safe.</summary>
    public ulong ReadHidden()
    {
        CpuCounters[] counters = new CpuCounters[_counters.Length];
        _bpf.Map("counters").LookupPerCpu(0, counters.AsSpan());
        ulong hidden = 0;
        foreach (ref readonly CpuCounters cpu in counters.AsSpan())
            hidden += cpu.Hidden;
        return hidden;
    }

    /// <summary>Of these, probes and local drops in a network namespace, over all that had this inode. Thread-safe.</summary>
    public ulong ReadHiddenProbes(uint netns) => _bpf.Map("hidden_probes").TryLookup(netns, out ulong probes) ? probes : 0;

    public void Dispose()
    {
        _snapshots.Dispose();
        for (int i = _links.Count - 1; i >= 0; i--)
            _links[i].Dispose();
        _bpf.Dispose();
    }

    private static KeepaliveTracer Start(TracerOptions options, BackendChoice choice)
    {
        BpfObject bpf = BpfObject.Open(choice.MayCast ? BpfObjectImage.Katrace : BpfObjectImage.KatracePlain, "katrace"u8);
        List<BpfLink> links = [];
        Snapshots? snapshots = null;
        try
        {
            bpf.Map("events").SetMaxEntries(options.RingBytes);
            bpf.Map("sockets").SetMaxEntries(options.MaxSockets);
            bpf.Map(".rodata").SetInitialValue(new KatraceConfig
            {
                HasCookieHelper = choice.HasCookieHelper ? (byte)1 : (byte)0,
                Filter = options.Filter.Masks,
            });
            if (!choice.Current.Any(c => c.Backend.Programs.Any(program => program.OnRootCgroup)))
                bpf.Map("pending_calls").SetMaxEntries(1);
            bpf.Map("filter_values").SetMaxEntries((uint)Math.Max(options.Filter.Values.Count, 1));
            bpf.Map("hidden_probes").SetMaxEntries(options.Filter.IsEmpty ? 1 : MostNamespaces);
            foreach ((Hook _, Backend backend) in choice.Current)
            {
                foreach (HookProgram program in backend.Programs)
                    bpf.Program(program.Name).SetAutoload(true);
            }

            bpf.Program("learn").SetAutoload(true);
            bpf.Program("snapshot_file").SetAutoload(true);
            Load(bpf, choice);
            foreach (((FilterField field, ulong value), ulong filters) in options.Filter.Values)
                bpf.Map("filter_values").Update(new KatraceFilterKey(value, field), filters);
            (uint hz, uint tgid) = KernelSelfTest.Run(bpf);

            using (Tracefs tracefs = new())
            {
                foreach ((Hook hook, Backend backend) in choice.Current)
                {
                    foreach (HookProgram program in backend.Programs)
                    {
                        BpfLink? link = Attach(program, hook, bpf, tracefs);
                        if (program.IsOnDemand)
                            link?.Dispose();
                        else if (link is not null)
                            links.Add(link);
                    }
                }
            }

            // After the programs: what they have told since is newer, and the first snapshot leaves it alone.
            snapshots = FirstSnapshot(bpf, choice);
            return new KeepaliveTracer(bpf, links, choice, snapshots, hz, tgid, options.RingBytes);
        }
        catch
        {
            snapshots?.Dispose();
            foreach (BpfLink link in links)
                link.Dispose();
            bpf.Dispose();
            throw;
        }
    }

    private static void Load(BpfObject bpf, BackendChoice choice)
    {
        try
        {
            bpf.Load();
        }
        catch (BpfException e) when (LibbpfLog.RefusedProgram is { } program)
        {
            throw new BackendException(choice.HookOf(program), e);
        }
        catch (BpfException e) when (e.Errno != BpfAdvice.EPERM)
        {
            throw new BackendException(null, e); // the kernel has not the function that the object calls
        }
    }

    private static BpfLink? Attach(HookProgram program, Hook hook, BpfObject bpf, Tracefs tracefs)
    {
        try
        {
            return program.Attach(bpf, tracefs);
        }
        catch (BpfException e)
        {
            throw new BackendException(hook, e);
        }
    }

    private static Snapshots FirstSnapshot(BpfObject bpf, BackendChoice choice)
    {
        (Hook hook, Backend backend) = choice.Current.Single(c => c.Hook.Name == "snapshots");
        try
        {
            Snapshots snapshots = new(bpf, backend.Name);
            Task first = Task.Factory.StartNew(snapshots.Take, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            first.GetAwaiter().GetResult();
            return snapshots;
        }
        catch (BpfException e)
        {
            throw new BackendException(hook, e);
        }
    }
}
