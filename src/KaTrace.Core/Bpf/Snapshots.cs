using KaTrace.Events;

namespace KaTrace.Bpf;

/// <summary>Passes over all sockets of the host, by BPF iterators that compare each with what the stream knows of it. They write
/// events for what differs, and nothing where nothing does.</summary>
/// <remarks>Enters other network namespaces: for a thread of its own, and one at a time.</remarks>
internal sealed class Snapshots : IDisposable
{
    /// <summary>Backend that sees more than the sockets that a process has a descriptor of, and finds those that are gone.</summary>
    public const string Complete = "task_file and tcp";

    /// <summary>The same where the kernel refuses an iterator over the table of sockets: a program goes through it.</summary>
    public const string CompleteAtOnce = "task_file, tcp and for_each_map_elem";

    private readonly BpfMap _state;
    private readonly BpfLink _files;
    private readonly BpfLink? _tcp;
    private readonly BpfLink? _known;
    private readonly int _knownFd = -1;

    /// <summary>Number of the pass that came to a namespace first, by its inode.</summary>
    private Dictionary<uint, uint> _visitedSince = [];
    private volatile uint _number;
    private volatile uint _complete;
    private ulong _lastBeganNs;
    private ulong _beganBeforeNs;

    /// <param name="bpf">Loaded.</param>
    /// <param name="backend">The one whose programs were loaded.</param>
    /// <exception cref="BpfException">The kernel has not such iterators.</exception>
    public Snapshots(BpfObject bpf, string backend)
    {
        _state = bpf.Map("snapshots");
        _files = bpf.Program("snapshot_file").AttachIterator();
        if (!SeeAll(backend))
            return;
        try
        {
            _tcp = bpf.Program("snapshot_tcp").AttachIterator();
            if (backend == CompleteAtOnce)
                _knownFd = bpf.Program("snapshot_known_called").Fd;
            else
                _known = bpf.Program("snapshot_known").AttachIterator(bpf.Map("sockets"));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>One pass. The first makes no events: it takes all sockets as they are.</summary>
    /// <returns>How many differences were met for the first time: only if the next pass still finds them they are told, as
    /// a call that is under way differs too.</returns>
    /// <exception cref="BpfException">The kernel refused: nothing was told by this pass.</exception>
    public long Take()
    {
        ulong began = RealtimeOffset.MonotonicNs;
        _number++;
        Begin(_beganBeforeNs);
        long suspects = _files.RunIterator();
        if (_tcp is not null)
            suspects += VisitNamespaces(_tcp);
        _known?.RunIterator();
        if (_knownFd >= 0)
            GoThroughKnown();
        (_beganBeforeNs, _lastBeganNs) = (_lastBeganNs, began);
        _complete = _number;
        return suspects;
    }

    /// <summary>Whether snapshots by this backend see all sockets.</summary>
    public static bool SeeAll(string backend) => backend is Complete or CompleteAtOnce;

    /// <summary>How many passes there were.</summary>
    public uint Taken => _complete;

    public void Dispose()
    {
        _known?.Dispose();
        _tcp?.Dispose();
        _files.Dispose();
    }

    private void GoThroughKnown()
    {
        int nothing = 0;
        int error = BpfProgram.Call(_knownFd, ref nothing);
        if (error < 0)
            throw BpfAdvice.Explain("go through the sockets that are known", -error);
    }

    private long VisitNamespaces(BpfLink tcp)
    {
        long suspects = 0;
        Dictionary<uint, uint> visitedSince = [];
        NetworkNamespaces.Visit(inode =>
        {
            uint since = visitedSince[inode] = _visitedSince.GetValueOrDefault(inode, _number);
            // Made lately, or could not be entered before: how old a change in it is cannot be said.
            Begin(since + 2 <= _number ? _beganBeforeNs : 0);
            suspects += tcp.RunIterator();
        });
        _visitedSince = visitedSince;
        return suspects;
    }

    private void Begin(ulong notBeforeNs) => _state.Update(0, new KatraceSnapshot { Number = _number, NotBeforeNs = notBeforeNs });
}
