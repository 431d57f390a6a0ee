using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using KaTrace.Captures;
using KaTrace.Cli.Streaming;
using KaTrace.Events;
using KaTrace.Output;
using KaTrace.Processes;

namespace KaTrace.Cli.Replaying;

/// <summary>One run over captures, from the first file to the last line.</summary>
internal sealed class ReplaySession : IDisposable
{
    private readonly List<Capture> _captures = [];
    private readonly ManualResetEvent _stop = new(false);
    private readonly ReplayOptions _options;
    private readonly StandardOutput _output;
    private CapturePipeReader? _reader;

    /// <exception cref="IOException">A file cannot be opened.</exception>
    /// <exception cref="InvalidDataException">One is no capture.</exception>
    public ReplaySession(ReplayOptions options, StandardOutput output)
    {
        (_options, _output) = (options, output);
        foreach (string path in options.Paths)
            _captures.Add(Capture.Open(path));
        // The files of a rotation in their order, whatever that of the command line.
        _captures.Sort((a, b) => BegunUnixNs(a).CompareTo(BegunUnixNs(b)));
    }

    /// <param name="newWriter">For the events of a host.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="InvalidDataException">A file is damaged. What comes before is shown.</exception>
    public int Run(Func<string, IEventWriter> newWriter)
    {
        using PosixSignalRegistration interrupt = StopOn(PosixSignal.SIGINT);
        using PosixSignalRegistration terminate = StopOn(PosixSignal.SIGTERM);
        using PosixSignalRegistration hangUp = StopOn(PosixSignal.SIGHUP);
        ReplayClock? clock = _options.Speed is { } speed ? new ReplayClock(speed, _stop) : null;
        ReplaySink sink = new(_options, BegunUnixNs(_captures[0]), _output, clock, Stop);
        ulong undecodable = 0;
        try
        {
            foreach (Capture capture in _captures)
                undecodable += Replay(capture, sink, newWriter(capture.Header.NodeName));
        }
        finally
        {
            _output.Flush();
        }

        Console.Error.WriteLine(Summary(sink, undecodable));
        if (!_stop.WaitOne(0))
            WarnOfCuts();
        return ExitCodes.Ok;
    }

    public void Dispose()
    {
        foreach (Capture capture in _captures)
            capture.Dispose();
        _stop.Dispose();
    }

    private static long BegunUnixNs(Capture capture) => capture.Clock.ToUnixNs(capture.Header.BegunMonotonicNs);

    private ulong Replay(Capture capture, ReplaySink sink, IEventWriter writer)
    {
        CapturePipeReader reader = new(capture);
        Volatile.Write(ref _reader, reader);
        if (_stop.WaitOne(0))
            return 0;
        EventPipeline pipeline = new(reader);
        sink.Open(capture, reader, writer);
        pipeline.Run(sink);
        return pipeline.Undecodable;
    }

    private void Stop()
    {
        _stop.Set();
        Volatile.Read(ref _reader)?.Stop();
    }

    private PosixSignalRegistration StopOn(PosixSignal signal) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        Stop();
    });

    private string Summary(ReplaySink sink, ulong undecodable)
    {
        bool whole = _captures is [{ End: not null }];
        (ulong, ulong) probes = whole ? (_captures[0].End!.ProbesTraced, _captures[0].End!.ProbesCounted) : default;
        string text = StreamStatus.Summary(new StreamTotals(sink.Shown, sink.FilteredOut, sink.Lost, probes));
        string hosts = string.Join(", ", _captures.Select(c => Shown(c.Header.NodeName)).Distinct());
        string more = undecodable == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"; {undecodable:N0} of a kind that this katrace does not know");
        return $"{text}{more}; recorded on {hosts}";
    }

    private void WarnOfCuts()
    {
        foreach (Capture capture in _captures.Where(c => c.End is null))
            Console.Error.WriteLine($"katrace: {CutNotice.Of(capture)}");
    }

    private static string Shown(string hostile) => Encoding.UTF8.GetString(HostileText.ForTerminal(hostile));
}
