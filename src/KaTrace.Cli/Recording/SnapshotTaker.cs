using System.Diagnostics;
using KaTrace.Bpf;
using KaTrace.Captures;
using KaTrace.Events;
using KaTrace.Hosts;
using KaTrace.V1;

namespace KaTrace.Cli.Recording;

/// <summary>Looks at the host at the beginning of each file of a recording, and now and then. A thread of its own: neither the ring nor
/// who reads it waits for it, and it waits for the file.</summary>
internal sealed class SnapshotTaker : IDisposable
{
    /// <summary>A recording that ends at once still has one, unless the host takes longer to look at.</summary>
    private static readonly TimeSpan FirstWithin = TimeSpan.FromSeconds(5);

    private readonly CaptureRecorder _recorder;
    private readonly Func<IHostSource> _open;
    private readonly FilterList _filters;
    private readonly TimeSpan _every;
    private readonly Action<string> _warn;
    private readonly AutoResetEvent _wake = new(false);
    private readonly ManualResetEventSlim _hasFirst = new();
    private readonly Thread _thread;
    private volatile bool _isStopped;

    /// <param name="recorder">Takes them.</param>
    /// <param name="open">Opens the host, on the thread that looks.</param>
    /// <param name="filters">Which sockets are wanted.</param>
    /// <param name="every">How often, besides the beginnings of files; zero: never.</param>
    /// <param name="warn">Told once why the host cannot be looked at.</param>
    public SnapshotTaker(CaptureRecorder recorder, Func<IHostSource> open, FilterList filters, TimeSpan every, Action<string> warn)
    {
        (_recorder, _open, _filters, _every, _warn) = (recorder, open, filters, every, warn);
        recorder.FileBegun = () => _wake.Set();
        _thread = new Thread(Run) { IsBackground = true, Name = "state" };
        _thread.Start();
    }

    /// <summary>Returns when nothing more is written. One that is being taken is given up, unless it is the first.</summary>
    public void Dispose()
    {
        _hasFirst.Wait(FirstWithin);
        _isStopped = true;
        _wake.Set();
        _thread.Join();
    }

    private void Run()
    {
        try
        {
            using IHostSource host = _open();
            while (!_isStopped)
            {
                long begun = Stopwatch.GetTimestamp();
                Take(host);
                _hasFirst.Set();
                TimeSpan rest = _every - Stopwatch.GetElapsedTime(begun);
                _wake.WaitOne(_every == TimeSpan.Zero ? System.Threading.Timeout.InfiniteTimeSpan : rest > TimeSpan.Zero ? rest : TimeSpan.Zero);
            }
        }
        catch (Exception e) when (e is BpfException or IOException or InvalidDataException)
        {
            _warn($"the sockets of the host are not in the recording, from here on: {e.Message}");
        }
        finally
        {
            _hasFirst.Set();
        }
    }

    private void Take(IHostSource host)
    {
        uint file = _recorder.Files;
        ulong begunNs = RealtimeOffset.MonotonicNs;
        IHostLook look = FilteredLook.Of(host.Look(programs: true), _filters);
        ulong endedNs = RealtimeOffset.MonotonicNs;
        foreach (SnapshotPart part in SnapshotPart.Of(look, file, begunNs, endedNs))
        {
            // Another file has been begun, which wants its own.
            if (_isStopped || _recorder.Files != file || _recorder.IsClosed)
                return;
            _recorder.Write(part);
        }
    }
}
