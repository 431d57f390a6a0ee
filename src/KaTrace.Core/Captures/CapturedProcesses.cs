using KaTrace.Events;
using KaTrace.Processes;
using KaTrace.V1;

namespace KaTrace.Captures;

/// <summary>The processes of a capture, as far as it was read. Not thread-safe.</summary>
internal sealed class CapturedProcesses
{
    /// <summary>A recorder tells again of what it needs before it has told of as many: see <see cref="CaptureWriter"/>.</summary>
    private const int Most = 2 * CaptureWriter.MostProcesses;
    private const long MostBytes = 2 * CaptureWriter.MostProcessBytes;

    private readonly Dictionary<CapturedName, ProcessIdentity> _known = [];
    private readonly Queue<(CapturedName Name, ProcessIdentity Process, int Size)> _age = [];
    private ProcessIdentity? _last;
    private long _bytes;

    /// <summary>They count from here on.</summary>
    public void Add(CaptureProcesses processes)
    {
        _last = null;
        foreach (CaptureProcess captured in processes.Process)
        {
            if (captured.Process is { } process && captured.Comm.Length <= RecordComm.MostBytes)
                Add(CapturedName.Of(new ProcessKey(process.Pid, process.StartBoottimeNs), captured.Comm.Span), ReceivedEvent.IdentityOf(process, captured.Comm.Span), captured.CalculateSize());
        }
    }

    /// <summary>The owner of the socket, or null if the record does not know it. Allocates only for one that the capture does not hold.</summary>
    public ProcessIdentity? Resolve(in EventRecord record)
    {
        if ((record.Flags & EventFlags.Owner) == 0)
            return null;
        ReadOnlySpan<byte> comm = RecordComm.Of(in record);
        if (_last is { } last && last.Key == new ProcessKey(record.Tgid, record.StartNs) && last.HasComm(comm))
            return last;

        CapturedName name = CapturedName.Of(in record);
        if (!_known.TryGetValue(name, out ProcessIdentity? known))
            Add(name, known = new ProcessIdentity(name.Process, comm, details: null), comm.Length);
        return _last = known;
    }

    private void Add(CapturedName name, ProcessIdentity process, int size)
    {
        _known[name] = process;
        _age.Enqueue((name, process, size));
        _bytes += size;
        while (_age.Count > Most || (_bytes > MostBytes && _age.Count > 1))
            ForgetOldest();
    }

    private void ForgetOldest()
    {
        (CapturedName name, ProcessIdentity process, int size) = _age.Dequeue();
        _bytes -= size;
        if (_known.TryGetValue(name, out ProcessIdentity? known) && ReferenceEquals(known, process))
            _known.Remove(name);
    }
}
