using KaTrace.Events;

namespace KaTrace.Processes;

/// <summary>Knows the processes that own traced sockets. A process is looked up in /proc once, and again when its name
/// has changed. Not thread-safe.</summary>
internal sealed class ProcessTable
{
    public const int DefaultCapacity = 8192;

    private readonly Dictionary<ProcessKey, ProcessIdentity> _known;
    private readonly ProcessKey[] _age;
    private readonly ProcFileSystem _proc;
    private int _oldest;
    private ProcessIdentity? _last;

    /// <param name="procRoot">Where the proc file system is mounted.</param>
    /// <param name="capacity">How many processes are kept; beyond that the oldest is forgotten.</param>
    public ProcessTable(string procRoot = "/proc", int capacity = DefaultCapacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _proc = new ProcFileSystem(procRoot);
        _known = new Dictionary<ProcessKey, ProcessIdentity>(capacity);
        _age = new ProcessKey[capacity];
    }

    public int Count => _known.Count;

    /// <summary>The owner of the socket, or null if the record does not know it. Allocates only for a process that is new
    /// or has a new name.</summary>
    public ProcessIdentity? Resolve(in EventRecord record)
    {
        if ((record.Flags & EventFlags.Owner) == 0)
            return null;
        ReadOnlySpan<byte> comm = RecordComm.Of(in record);
        // Events of one process come together more often than not.
        if (_last is { } last && last.Pid == record.Tgid && last.StartBoottimeNs == record.StartNs && last.HasComm(comm))
            return last;

        ProcessKey key = new(record.Tgid, record.StartNs);
        if (!_known.TryGetValue(key, out ProcessIdentity? known))
            known = Add(key, comm);
        else if (!known.HasComm(comm))
            _known[key] = known = Read(key, comm);
        return _last = known;
    }

    private ProcessIdentity Add(ProcessKey key, ReadOnlySpan<byte> comm)
    {
        ProcessIdentity added = Read(key, comm);
        if (_known.Count == _age.Length)
        {
            _known.Remove(_age[_oldest]);
            _age[_oldest] = key;
            _oldest = (_oldest + 1) % _age.Length;
        }
        else
        {
            _age[_known.Count] = key;
        }

        _known.Add(key, added);
        return added;
    }

    private ProcessIdentity Read(ProcessKey key, ReadOnlySpan<byte> comm) =>
        new(key.Pid, key.StartBoottimeNs, comm, _proc.ReadCommandLine(key));
}
