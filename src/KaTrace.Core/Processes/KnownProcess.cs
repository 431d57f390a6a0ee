namespace KaTrace.Processes;

/// <summary>An entry of <see cref="ProcessCatalog"/>: what is known of a process, and whether more is to come. At most one read of it
/// is under way at a time.</summary>
internal sealed class KnownProcess(ProcessKey key)
{
    private volatile ProcessDetails? _details;
    private volatile TaskCompletionSource _read = NewSource();
    private volatile TaskCompletionSource _complete = NewSource();

    public ProcessKey Key => key;

    /// <summary>Null: not read yet, or there was nothing to read any more.</summary>
    public ProcessDetails? Details
    {
        get => _details;
        set => _details = value;
    }

    /// <summary>Done when /proc has been read.</summary>
    public Task Read => _read.Task;

    /// <summary>Done when the process has also answered, or failed to.</summary>
    public Task Complete => _complete.Task;

    /// <summary>Guarded by the catalog's lock.</summary>
    public ReadState State { get; set; }

    /// <summary>As last shown in an event. Belongs to the thread of the events, as does <see cref="ShownDetails"/>.</summary>
    public ProcessIdentity? Shown { get; set; }

    /// <summary><see cref="Details"/> when <see cref="Shown"/> was made.</summary>
    public ProcessDetails? ShownDetails { get; set; }

    /// <summary>Before another read.</summary>
    public void Begin()
    {
        _read = NewSource();
        _complete = NewSource();
    }

    public void SetRead() => _read.TrySetResult();

    public void SetComplete()
    {
        SetRead();
        _complete.TrySetResult();
    }

    // Who waits goes on elsewhere: a reader's thread is for reading.
    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

internal enum ReadState
{
    Idle,
    Queued,
    UnderWay,

    /// <summary>And the process has changed since it began.</summary>
    Outdated,
}
