using KaTrace.Events;
using Microsoft.Win32.SafeHandles;

namespace KaTrace.Processes;

/// <summary>Knows processes, by pid and start. A process is read once, in the background, and again when an event shows it under
/// another name (<c>execve(2)</c>); one that is gone is remembered as such; of too many the one is forgotten that was not asked for
/// longest. Thread-safe but for <see cref="Resolve"/>.</summary>
/// <remarks>A process can hold up whoever reads it (see <see cref="ProcessReader"/>), so that is a few threads' work alone. While as many
/// processes do, further ones are known by name and pid only. Nobody waits longer than agreed.</remarks>
internal sealed class ProcessCatalog : IDisposable
{
    public const int DefaultCapacity = 4096;

    /// <summary>So long the first event of a process waits for it to be read, which takes some 0.1 ms unless the host is busy or the
    /// process is hostile: else a short-lived one would never be shown with its command line.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(20);

    private const double ShareOfWaits = 0.2; // of the time, which the ring has room for

    private const int MaxReaders = 4;
    private const int MaxAsked = 16;

    private readonly string _procRoot;
    private readonly int _capacity;
    private readonly UserNames _users = new();

    private readonly Patience _patience;

    private readonly object _lock = new();
    private readonly Dictionary<ProcessKey, LinkedListNode<KnownProcess>> _known = [];
    private readonly LinkedList<KnownProcess> _byUse = [];
    private readonly Queue<KnownProcess> _toRead = [];
    private readonly SemaphoreSlim _asking = new(MaxAsked);
    private int _readers;
    private int _idleReaders;
    private bool _disposed;
    private KnownProcess? _last;

    /// <param name="procRoot">Where the proc file system is mounted.</param>
    /// <param name="capacity">How many processes are kept.</param>
    /// <param name="longestWait">See <see cref="LongestWait"/>.</param>
    public ProcessCatalog(string procRoot = "/proc", int capacity = DefaultCapacity, TimeSpan? longestWait = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        (_procRoot, _capacity, _patience) = (procRoot, capacity, new Patience(longestWait ?? LongestWait, ShareOfWaits));
    }

    public int Count
    {
        get
        {
            lock (_lock)
                return _known.Count;
        }
    }

    /// <summary>The readers end; one that is held up ends with the program.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>Reads this very process: the first of all takes longest, as tables are made and code is compiled for it.</summary>
    public Task PrepareAsync() => FindAllAsync([ProcessReader.Own()], ManagedPrograms.Deadline);

    /// <summary>What is known by now. Null: nothing yet, in which case it is read, or nothing ever.</summary>
    public ProcessDetails? Find(ProcessKey process) => Get(process).Details;

    /// <summary>What there is to know of each, in the same order; when the time is over, what is known by then.</summary>
    public async Task<ProcessDetails?[]> FindAllAsync(IReadOnlyList<ProcessKey> processes, TimeSpan deadline)
    {
        KnownProcess[] all = [.. processes.Select(Get)];
        try
        {
            await Task.WhenAll(all.Select(one => one.Complete)).WaitAsync(deadline).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Then some are not complete.
        }

        return [.. all.Select(one => one.Details)];
    }

    /// <summary>The owner of the socket, or null if the record does not know it. On one thread only. Allocates only for a process that
    /// is new, has a new name, or is known better than before; waits a little for the first two.</summary>
    public ProcessIdentity? Resolve(in EventRecord record)
    {
        if ((record.Flags & EventFlags.Owner) == 0)
            return null;
        ProcessKey key = new(record.Tgid, record.StartNs);
        // Events of one process come together more often than not.
        if (_last is not { } process || process.Key != key)
            _last = process = Get(key);
        ReadOnlySpan<byte> comm = RecordComm.Of(in record);
        if (process.Shown is { } shown && ReferenceEquals(process.ShownDetails, process.Details) && shown.HasComm(comm))
            return shown;
        return Show(process, comm);
    }

    private ProcessIdentity Show(KnownProcess process, ReadOnlySpan<byte> comm)
    {
        bool renamed = process.Shown is { } shown && !shown.HasComm(comm);
        if (renamed)
            ReadAgain(process);
        if (renamed || process.Shown is null)
            _patience.WaitFor(process.Read);
        process.ShownDetails = process.Details;
        return process.Shown = new ProcessIdentity(process.Key, comm, process.ShownDetails);
    }

    private KnownProcess Get(ProcessKey key)
    {
        lock (_lock)
        {
            if (_known.TryGetValue(key, out LinkedListNode<KnownProcess>? node))
            {
                _byUse.Remove(node);
                _byUse.AddFirst(node);
                return node.Value;
            }

            if (_known.Count == _capacity)
            {
                _known.Remove(_byUse.Last!.Value.Key);
                _byUse.RemoveLast();
            }

            KnownProcess added = new(key);
            _known.Add(key, _byUse.AddFirst(added));
            Enqueue(added);
            return added;
        }
    }

    private void ReadAgain(KnownProcess process)
    {
        lock (_lock)
        {
            if (process.State == ReadState.UnderWay)
            {
                process.State = ReadState.Outdated;
            }
            else if (process.State == ReadState.Idle)
            {
                process.Begin();
                Enqueue(process);
            }
        }
    }

    private void Enqueue(KnownProcess process)
    {
        // All readers are held up, and have been for long: what came since is not worth its memory.
        if (_toRead.Count == _capacity)
        {
            process.State = ReadState.Idle;
            process.SetComplete();
            return;
        }

        process.State = ReadState.Queued;
        _toRead.Enqueue(process);
        if (_idleReaders > 0)
        {
            _idleReaders--;
            Monitor.Pulse(_lock);
        }
        else if (_readers < MaxReaders)
        {
            _readers++;
            new Thread(ReadAll) { IsBackground = true, Name = "processes" }.Start();
        }
    }

    private void ReadAll()
    {
        ProcessReader reader = new(_procRoot, _users);
        while (Take() is { } process)
        {
            process.Details = reader.Read(process.Key, out SafeFileHandle? diagnostics);
            process.SetRead();
            if (diagnostics is null)
                End(process);
            else
                Ask(process, diagnostics);
        }
    }

    private KnownProcess? Take()
    {
        lock (_lock)
        {
            while (_toRead.Count == 0 && !_disposed)
            {
                _idleReaders++;
                Monitor.Wait(_lock);
            }

            if (_disposed)
                return null;
            KnownProcess process = _toRead.Dequeue();
            process.State = ReadState.UnderWay;
            return process;
        }
    }

    /// <summary>A reader waits for a slot no longer than the deadline, by which all give theirs back.</summary>
    private void Ask(KnownProcess process, SafeFileHandle diagnostics)
    {
        _asking.Wait();
        _ = Task.Run(async () =>
        {
            using (diagnostics)
            {
                if (await ManagedPrograms.AskAsync(diagnostics, process.Key.Pid, ManagedPrograms.Deadline).ConfigureAwait(false) is { } managed)
                    process.Details = process.Details! with { Program = managed.EntryAssembly, Runtime = $".NET {managed.Version}" };
                _asking.Release();
                End(process);
            }
        });
    }

    private void End(KnownProcess process)
    {
        lock (_lock)
        {
            if (process.State == ReadState.Outdated)
            {
                Enqueue(process);
                return;
            }

            process.State = ReadState.Idle;
        }

        process.SetComplete();
    }
}
