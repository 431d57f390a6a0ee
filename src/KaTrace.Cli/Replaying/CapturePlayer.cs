using KaTrace.Captures;
using KaTrace.Cli.Streaming;
using KaTrace.Events;
using KaTrace.Output;
using KaTrace.V1;

namespace KaTrace.Cli.Replaying;

/// <summary>Plays captures, from the first file to the last event, on the thread that asks for it.</summary>
/// <remarks><see cref="Stop"/>, and the counts, are for any thread.</remarks>
internal sealed class CapturePlayer : IDisposable
{
    private readonly CaptureFiles _files;
    private readonly ManualResetEvent _stop = new(false);
    private readonly ReplaySink _sink;
    private CapturePipeReader? _reader;

    /// <param name="options">What is played.</param>
    /// <param name="output">What the writers fill.</param>
    /// <exception cref="IOException">A file cannot be opened.</exception>
    /// <exception cref="InvalidDataException">One is no capture.</exception>
    public CapturePlayer(ReplayOptions options, IEventOutput output)
    {
        _files = CaptureFiles.Open(options.Paths);
        _sink = new ReplaySink(options, _files.BegunUnixNs, output, options.Speed is { } speed ? new ReplayClock(speed, _stop) : null, Stop);
    }

    /// <summary>In the order of their beginnings.</summary>
    public IReadOnlyList<Capture> Captures => _files.Captures;

    public ulong Shown => _sink.Shown;

    public ulong FilteredOut => _sink.FilteredOut;

    /// <summary>Told so far, by place.</summary>
    public IReadOnlyList<(Lost.Types.Place Place, ulong Count)> Lost => _sink.Lost;

    /// <summary>Of kinds that this version does not know.</summary>
    public ulong Undecodable { get; private set; }

    public bool IsStopped => _stop.WaitOne(0);

    /// <summary>What is missing where files were cut, a sentence each; nothing of those that were not read to their end.</summary>
    public IEnumerable<string> Cuts => IsStopped ? [] : Captures.Where(capture => capture.End is null).Select(CutNotice.Of);

    /// <param name="newWriter">For the events of a host.</param>
    /// <exception cref="InvalidDataException">A file is damaged. What comes before was written.</exception>
    public void Run(Func<string, IEventWriter> newWriter)
    {
        foreach (Capture capture in Captures)
        {
            CapturePipeReader reader = new(capture);
            Volatile.Write(ref _reader, reader);
            if (IsStopped)
                return;
            EventPipeline pipeline = new(reader);
            _sink.Open(capture, reader, newWriter(capture.Header.NodeName));
            pipeline.Run(_sink);
            Undecodable += pipeline.Undecodable;
        }
    }

    public void Stop()
    {
        _stop.Set();
        Volatile.Read(ref _reader)?.Stop();
    }

    public void Dispose()
    {
        _files.Dispose();
        _stop.Dispose();
    }
}
