using System.Globalization;
using KaTrace.Captures;
using KaTrace.Cli.Streaming;
using KaTrace.Hosts;
using KaTrace.Output;
using KaTrace.Server.Streaming;
using KaTrace.V1;

namespace KaTrace.Cli.Recording;

/// <summary>A capture, and lines on standard output if these are asked for too.</summary>
internal sealed class RecordTarget : IStreamTarget
{
    private readonly CaptureRecorder _recorder;
    private readonly CaptureWriter _writer;
    private readonly SnapshotTaker _snapshots;
    private readonly StandardOutput? _printed;
    private readonly RecordProgress? _progress;

    /// <exception cref="IOException">The file cannot be made.</exception>
    public RecordTarget(CaptureOptions capture, StreamOptions options, TimeSpan snapshotEvery, CaptureHeader header)
    {
        _recorder = new CaptureRecorder(capture, header);
        _writer = new CaptureWriter(_recorder);
        _snapshots = new SnapshotTaker(_recorder, KernelHost.Open, Connections.FiltersOf(options.Filters), snapshotEvery, warning => Console.Error.WriteLine($"katrace: {warning}"));
        Writer = _writer;
        if (options.Print is not null)
        {
            _printed = new StandardOutput();
            Writer = new TeeEventWriter(_writer, options.Print.NewWriter(_printed, header.NodeName));
        }
        else if (!Console.IsErrorRedirected)
        {
            _progress = new RecordProgress(_recorder, _writer);
        }

        Output = new RecordOutput(_recorder, _writer, _printed);
    }

    public IEventWriter Writer { get; }

    public IEventOutput Output { get; }

    public bool IsWatched => false;

    public int End(StreamTotals totals)
    {
        _snapshots.Dispose();
        _writer.Complete();
        _recorder.Complete(new CaptureEnd { Hidden = totals.Hidden, ProbesTraced = totals.Probes.Traced, ProbesCounted = totals.Probes.Kernel });
        _progress?.Dispose();
        totals = totals with { Shown = (ulong)_recorder.Events };
        if (_writer.NotWritten > 0)
            totals = totals with { Lost = [.. totals.Lost, (Lost.Types.Place.Recorder, _writer.NotWritten)] };
        string files = _recorder.Files == 1 ? _recorder.CurrentPath : string.Create(CultureInfo.InvariantCulture, $"{_recorder.Files} files, the last {_recorder.CurrentPath}");
        Console.Error.WriteLine(StreamStatus.Summary(totals, "recorded"));
        if (_recorder.OmitsSnapshots)
            Console.Error.WriteLine("katrace: sockets of the host were left out of the recording where it would have become larger than --max-size");
        if (_recorder.Failure is null)
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"katrace: {files}, {_recorder.Bytes:N0} bytes"));
        else
            Console.Error.WriteLine($"katrace: {_recorder.Failure}");
        return _recorder.Failure is null ? ExitCodes.Ok : ExitCodes.Failure;
    }

    public void Dispose()
    {
        _progress?.Dispose();
        _snapshots.Dispose();
        _recorder.Dispose();
        _printed?.Dispose();
    }
}
