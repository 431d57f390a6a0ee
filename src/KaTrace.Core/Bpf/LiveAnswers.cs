namespace KaTrace.Bpf;

/// <summary>Has the program that sees answers come in attached while an answer is awaited, and for a while after.</summary>
/// <remarks>A thread of its own, as attaching waits for other CPUs. The while after bounds how often it is done: once in
/// <see cref="Linger"/> at most, each way.</remarks>
internal sealed class LiveAnswers : IDisposable
{
    /// <summary>For so long nothing must be awaited before the program is detached.</summary>
    public static readonly TimeSpan Linger = TimeSpan.FromSeconds(5);

    private readonly KeepaliveTracer _tracer;
    private readonly Action<string> _warn;
    private readonly object _gate = new();
    private readonly Thread _thread;
    private bool _awaited;
    private bool _stopped;

    /// <param name="tracer">One that <see cref="KeepaliveTracer.CanAnswerLive"/>.</param>
    /// <param name="warn">Told once why answers are not live any more, on a thread of its own.</param>
    public LiveAnswers(KeepaliveTracer tracer, Action<string> warn)
    {
        (_tracer, _warn) = (tracer, warn);
        _thread = new Thread(Run) { IsBackground = true, Name = "live answers" };
        _thread.Start();
    }

    /// <summary>Whether any answer is awaited now. Any thread may set it; it waits for nothing.</summary>
    public bool Awaited
    {
        set
        {
            if (Volatile.Read(ref _awaited) == value)
                return;

            lock (_gate)
            {
                _awaited = value;
                Monitor.Pulse(_gate);
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _stopped = true;
            Monitor.Pulse(_gate);
        }

        _thread.Join();
    }

    private void Run()
    {
        try
        {
            while (WaitUntilAwaited())
            {
                using BpfLink attached = _tracer.AttachLiveAnswers();
                WaitUntilQuiet();
            }
        }
        catch (BpfException e)
        {
            _warn($"answers are told by looks from here on: {e.Message}");
        }
    }

    private bool WaitUntilAwaited()
    {
        lock (_gate)
        {
            while (!_awaited && !_stopped)
                Monitor.Wait(_gate);
            return !_stopped;
        }
    }

    private void WaitUntilQuiet()
    {
        lock (_gate)
        {
            // Every change wakes it, and so begins the while anew.
            while (!_stopped)
            {
                if (!Monitor.Wait(_gate, _awaited ? Timeout.InfiniteTimeSpan : Linger))
                    return;
            }
        }
    }
}
