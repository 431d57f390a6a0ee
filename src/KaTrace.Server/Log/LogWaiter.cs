using System.Threading.Tasks.Sources;

namespace KaTrace.Server.Log;

/// <summary>Where one reader waits for events. Allocates nothing a wait.</summary>
internal sealed class LogWaiter(LogWaiters all) : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };

    /// <summary>Guarded by the lock of all.</summary>
    public bool IsInterrupted { get; set; }

    /// <summary>Guarded by the lock of all.</summary>
    public bool IsNudged { get; set; }

    /// <summary>Until there is an event of this sequence or behind it, or until interrupted or nudged. By one thread at a time.</summary>
    public ValueTask ForAsync(ulong sequence)
    {
        _core.Reset();
        return all.TryAdd(this, sequence) ? new ValueTask(this, _core.Version) : ValueTask.CompletedTask;
    }

    /// <summary>Ends the wait, and any later one. Any thread may call it.</summary>
    public void Interrupt()
    {
        if (all.Remove(this))
            Wake();
    }

    /// <summary>Ends the wait, or the next one if there is none now. Any thread may call it.</summary>
    public void Nudge()
    {
        if (all.Nudge(this))
            Wake();
    }

    public void Wake() => _core.SetResult(true);

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
