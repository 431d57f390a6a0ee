using KaTrace.Captures;

namespace KaTrace.Cli.Replaying;

/// <summary>Captures in the order of their beginnings: the files of a rotation as they follow, whatever the order of the command line.</summary>
internal sealed class CaptureFiles : IDisposable
{
    private readonly List<Capture> _captures = [];

    /// <param name="opened">One after the other, as this opens them; disposed with this.</param>
    /// <inheritdoc cref="Capture.Open" path="/exception"/>
    public CaptureFiles(IEnumerable<Capture> opened)
    {
        try
        {
            foreach (Capture capture in opened)
                _captures.Add(capture);
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

    /// <inheritdoc cref="Capture.Open"/>
    public static CaptureFiles Open(IReadOnlyList<string> paths) => new(paths.Select(Capture.Open));

    public void Dispose()
    {
        foreach (Capture capture in _captures)
            capture.Dispose();
    }

    private static long Begun(Capture capture) => capture.Clock.ToUnixNs(capture.Header.BegunMonotonicNs);
}
