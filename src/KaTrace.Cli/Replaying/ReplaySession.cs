using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using KaTrace.Captures;
using KaTrace.Cli.Streaming;
using KaTrace.Output;
using KaTrace.Processes;

namespace KaTrace.Cli.Replaying;

/// <summary>One run over captures, from the first file to the last line.</summary>
internal sealed class ReplaySession : IDisposable
{
    private readonly CapturePlayer _player;
    private readonly StandardOutput _output;

    /// <exception cref="IOException">A file cannot be opened.</exception>
    /// <exception cref="InvalidDataException">One is no capture.</exception>
    public ReplaySession(ReplayOptions options, StandardOutput output) => (_player, _output) = (new CapturePlayer(options, output), output);

    /// <param name="newWriter">For the events of a host.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="InvalidDataException">A file is damaged. What comes before is shown.</exception>
    public int Run(Func<string, IEventWriter> newWriter)
    {
        using PosixSignalRegistration interrupt = StopOn(PosixSignal.SIGINT);
        using PosixSignalRegistration terminate = StopOn(PosixSignal.SIGTERM);
        using PosixSignalRegistration hangUp = StopOn(PosixSignal.SIGHUP);
        try
        {
            _player.Run(newWriter);
        }
        finally
        {
            _output.Flush();
        }

        Console.Error.WriteLine(Summary());
        foreach (string cut in _player.Cuts)
            Console.Error.WriteLine($"katrace: {cut}");
        return ExitCodes.Ok;
    }

    public void Dispose() => _player.Dispose();

    private PosixSignalRegistration StopOn(PosixSignal signal) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        _player.Stop();
    });

    private string Summary()
    {
        (ulong, ulong) probes = _player.Captures is [{ End: { } end }] ? (end.ProbesTraced, end.ProbesCounted) : default;
        string text = StreamStatus.Summary(new StreamTotals(_player.Shown, _player.FilteredOut, _player.Lost, probes));
        string hosts = string.Join(", ", _player.Captures.Select(c => Shown(c.Header.NodeName)).Distinct());
        string more = _player.Undecodable == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"; {_player.Undecodable:N0} of a kind that this katrace does not know");
        return $"{text}{more}; recorded on {hosts}";
    }

    private static string Shown(string hostile) => Encoding.UTF8.GetString(HostileText.ForTerminal(hostile));
}
