using KaTrace.Events;
using KaTrace.Knobs;
using KaTrace.Processes;
using KaTrace.Sockets;
using KaTrace.V1;

namespace KaTrace.Hosts;

/// <summary>Makes a look at a host of messages, as <see cref="HostMessage"/> and <see cref="Output.ConnectionMessage"/> write them: the
/// parts of the host first, then its connections in their order. They may come from anybody: nothing that they say is believed before
/// it was checked, and what they make takes memory in proportion to them.</summary>
internal sealed class ReceivedHost
{
    /// <summary>More than any host has: who sends on and on ends here.</summary>
    public const int MostSockets = 1 << 24;

    /// <summary>PID_MAX_LIMIT of the kernel.</summary>
    private const int MostProcesses = 1 << 22;

    private readonly List<SocketProcess> _processes = [];
    private readonly Dictionary<ProcessKey, int> _processOf = [];
    private readonly Dictionary<ProcessKey, ProcessDetails> _details = [];
    private readonly HashSet<ProcessKey> _go = [];
    private readonly Dictionary<uint, DescriptorUse> _descriptors = [];
    private readonly Dictionary<uint, NamespaceSettings> _namespaces = [];
    private readonly List<string> _gaps = [];
    private readonly List<SocketHolder> _holders = [];
    private SocketRow[] _rows = [];
    private int _rowCount;
    private Host? _head;
    private DateTimeOffset _time;

    /// <summary>A part of the host.</summary>
    /// <exception cref="InvalidDataException">It says what cannot be: one sentence tells what.</exception>
    public void Add(Host part)
    {
        if (_head is null)
        {
            ReceivedValue.Within(part.Hz, 24, 10_000, "HZ");
            ReceivedValue.AtMost(part.TcpMaxOrphans, int.MaxValue, "tcp_max_orphans");
            ReceivedValue.Text(part.NodeName, "a name of a host");
            _time = ReceivedValue.Time(part.Time);
            _head = new Host { Hz = part.Hz, TcpMaxOrphans = part.TcpMaxOrphans, NodeName = part.NodeName };
        }

        foreach (string gap in part.Gaps)
            _gaps.Add(ReceivedValue.Text(gap, "a gap"));
        foreach (HostNamespace one in part.Namespaces)
            _namespaces[one.Netns] = SettingsOf(one);
        foreach (HostProcess one in part.Processes)
            Add(one);
    }

    /// <summary>The next socket.</summary>
    /// <inheritdoc cref="Add(Host)" path="/exception"/>
    public void Add(Connection message)
    {
        if (_rowCount == MostSockets)
            throw new InvalidDataException($"more than {MostSockets:N0} sockets");
        SocketRow row = ReceivedSocket.RowOf(message);
        row.FirstHolder = _holders.Count;
        if (message.Process is { } first)
            _holders.Add(HolderOf(first));
        foreach (Process other in message.OtherProcesses)
            _holders.Add(HolderOf(other));
        row.HolderCount = _holders.Count - row.FirstHolder;
        if (_rowCount == _rows.Length)
            Array.Resize(ref _rows, Math.Max(16, 2 * _rows.Length));
        _rows[_rowCount++] = row;
    }

    /// <summary>When all is there.</summary>
    /// <inheritdoc cref="Add(Host)" path="/exception"/>
    public IHostLook Build()
    {
        Host head = _head ?? throw new InvalidDataException("a list of sockets without their host");
        ConnectionEnds.Link(_rows.AsSpan(0, _rowCount));
        SocketTable table = new(new ArraySegment<SocketRow>(_rows, 0, _rowCount), _holders.ToArray(), _processes, new KernelClock(head.Hz, 0), _time, _gaps);
        return new Look(head.NodeName, table, new HostSettings(_namespaces, (int)head.TcpMaxOrphans), new ProgramLookup(_details, _go.Contains), _descriptors);
    }

    private void Add(HostProcess message)
    {
        Process process = message.Process ?? throw new InvalidDataException("a process without an id");
        ProcessKey key = new(process.Pid, process.StartBoottimeNs);
        string comm = ReceivedValue.Comm(process.Comm);
        if (_processes.Count == MostProcesses)
            throw new InvalidDataException($"more than {MostProcesses:N0} processes");
        if (!_processOf.TryAdd(key, _processes.Count))
            throw new InvalidDataException($"process {key.Pid} twice");
        _processes.Add(new SocketProcess(key, comm));
        foreach (string text in (string[])[process.CommandLine, process.Executable, process.User, process.PodUid, process.Unit, process.Program, process.Runtime, process.Container?.Runtime ?? "", process.Container?.Id ?? ""])
            ReceivedValue.Text(text, "a text of a process");
        if (ReceivedEvent.DetailsOf(process, comm) is { } details)
            _details.Add(key, details);
        if (message.Go)
            _go.Add(key);
        if (message is { HasDescriptors: true, HasDescriptorLimit: true })
        {
            _descriptors[key.Pid] = new DescriptorUse(
                (int)ReceivedValue.AtMost(message.Descriptors, int.MaxValue, "a number of descriptors"),
                (long)ReceivedValue.AtMost(message.DescriptorLimit, long.MaxValue, "a limit of descriptors"));
        }
    }

    private SocketHolder HolderOf(Process process)
    {
        if (!_processOf.TryGetValue(new ProcessKey(process.Pid, process.StartBoottimeNs), out int index))
            throw new InvalidDataException($"a socket of process {process.Pid}, which is none of the host's");
        if (process.HasFd && process.Fd < 0)
            throw new InvalidDataException($"descriptor {process.Fd}, which is below 0");
        return new SocketHolder(index, process.HasFd ? process.Fd : -1);
    }

    private static NamespaceSettings SettingsOf(HostNamespace message) => new()
    {
        Retries = (int)ReceivedValue.AtMost(message.Retries, byte.MaxValue, "tcp_retries2"),
        OrphanRetries = (int)ReceivedValue.AtMost(message.OrphanRetries, byte.MaxValue, "tcp_orphan_retries"),
        RtoMin = TimeSpan.FromMicroseconds(ReceivedValue.Within(message.RtoMinUs, 1, int.MaxValue, "tcp_rto_min_us")),
        RtoMax = TimeSpan.FromMilliseconds(ReceivedValue.Within(message.RtoMaxMs, 1, int.MaxValue, "tcp_rto_max_ms")),
        Conntrack = message.HasConntrackSeconds ? TimeSpan.FromSeconds(message.ConntrackSeconds) : null,
        Ipvs = message.HasIpvsSeconds ? TimeSpan.FromSeconds(message.IpvsSeconds) : null,
        IpvsServices = message.IpvsServices.ToHashSet(),
    };

    private sealed record Look(string NodeName, SocketTable Table, HostSettings Settings, ProgramLookup Programs, IReadOnlyDictionary<uint, DescriptorUse> Descriptors) : IHostLook
    {
        public HostSettings ReadSettings() => Settings;

        public ProgramLookup ReadPrograms(IReadOnlyList<SocketProcess> processes) => Programs;

        public DescriptorUse? ReadDescriptors(uint pid) => Descriptors.TryGetValue(pid, out DescriptorUse use) ? use : null;
    }
}
