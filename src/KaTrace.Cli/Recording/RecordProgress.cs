using System.Diagnostics;
using System.Globalization;
using KaTrace.Captures;

namespace KaTrace.Cli.Recording;

/// <summary>One line on a terminal that changes once a second. On a thread of its own: a terminal may stop, the recording may not.</summary>
internal sealed class RecordProgress : IDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    private readonly CaptureRecorder _recorder;
    private readonly CaptureWriter _writer;
    private readonly long _begun = Stopwatch.GetTimestamp();
    private readonly Timer _timer;
    private long _before;

    public RecordProgress(CaptureRecorder recorder, CaptureWriter writer)
    {
        (_recorder, _writer) = (recorder, writer);
        _timer = new Timer(_ => Console.Error.Write(Line()), null, Every, Every);
    }

    public void Dispose()
    {
        using ManualResetEvent stopped = new(false);
        if (_timer.Dispose(stopped))
            stopped.WaitOne(Every); // or it hangs on a stopped terminal
        Console.Error.Write("\r\e[K");
    }

    private string Line()
    {
        long events = _recorder.Events;
        long rate = events - _before;
        _before = events;
        return string.Create(CultureInfo.InvariantCulture, $"\r\e[K{Stopwatch.GetElapsedTime(_begun):hh\\:mm\\:ss}  {events:N0} events  {rate:N0}/s  {_writer.NotWritten:N0} not written in time  {_recorder.Bytes / 1024:N0} KiB");
    }
}
