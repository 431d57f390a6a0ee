using KaTrace.Interop;

namespace KaTrace.Bpf;

/// <summary>Takes snapshots for as long as it lives, so that what no hook sees is told within a given time.</summary>
/// <remarks>A thread of its own, which takes no more than a given share of one CPU: where a pass takes long, the next one waits.</remarks>
internal sealed class Reconciler : IDisposable
{
    /// <summary>A difference is told when a second look finds it too, after this part of the time.</summary>
    private const int SecondLook = 5;

    private readonly KeepaliveTracer _tracer;
    private readonly TimeSpan _within;
    private readonly double _share;
    private readonly Action<string> _failed;
    private readonly ManualResetEventSlim _stop = new();
    private readonly Thread _thread;

    /// <param name="tracer">Whose sockets are looked at.</param>
    /// <param name="within">The time in which a change is to be told.</param>
    /// <param name="failed">Told why, at the first pass that the kernel refuses; it goes on trying.</param>
    /// <param name="share">Of one CPU, at most.</param>
    public Reconciler(KeepaliveTracer tracer, TimeSpan within, Action<string> failed, double share = 0.01)
    {
        (_tracer, _within, _failed, _share) = (tracer, within, failed, share);
        _thread = new Thread(Run) { IsBackground = true, Name = "snapshots" };
        _thread.Start();
    }

    public void Dispose()
    {
        _stop.Set();
        _thread.Join();
        _stop.Dispose();
    }

    private void Run()
    {
        bool hasFailed = false;
        TimeSpan second = _within / SecondLook, first = _within - second;
        TimeSpan wait = first;
        while (!_stop.Wait(wait))
        {
            long began = Libc.ReadClock(Libc.CLOCK_THREAD_CPUTIME_ID);
            long suspects = 0;
            try
            {
                suspects = _tracer.TakeSnapshot();
            }
            catch (Exception e) when (e is BpfException or IOException)
            {
                if (!hasFailed)
                    _failed(e.Message);
                hasFailed = true;
            }

            TimeSpan work = TimeSpan.FromMicroseconds((Libc.ReadClock(Libc.CLOCK_THREAD_CPUTIME_ID) - began) / 1000);
            TimeSpan rest = work * ((1 - _share) / _share), due = suspects > 0 ? second : first;
            wait = rest > due ? rest : due;
        }
    }
}
