using KaTrace.Captures;

namespace KaTrace.Cli.Replaying;

/// <summary>Captures in the order of their beginnings: the files of a rotation as they follow, whatever the order of the command line.</summary>
internal sealed class CaptureFiles : IDisposable
{
    private readonly List<Capture> _captures = [];

    /// <exception cref="IOException">A file cannot be opened.</exception>
    /// <exception cref="InvalidDataException">One is no capture.</exception>
    public CaptureFiles(IReadOnlyList<string> paths)
    {
        try
        {
            foreach (string path in paths)
                _captures.Add(Capture.Open(path));
        }
        catch
        {
            Dispose();
            throw;
        }

        _captures.Sort((a, b) => Begun(a).CompareTo(Begun(b)));
    }

    public IReadOnlyList<Capture> Captures => _captures;

    /// <summary>Of the first.</summary>
    public long BegunUnixNs => Begun(_captures[0]);

    public void Dispose()
    {
        foreach (Capture capture in _captures)
            capture.Dispose();
    }

    private static long Begun(Capture capture) => capture.Clock.ToUnixNs(capture.Header.BegunMonotonicNs);
}
