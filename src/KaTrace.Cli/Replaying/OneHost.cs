using KaTrace.Captures;
using KaTrace.Hosts;

namespace KaTrace.Cli.Replaying;

/// <summary>Refuses captures that are not of one host: cookies, network namespaces and times of two, or of one before and after it was
/// booted, cannot be told apart.</summary>
internal static class OneHost
{
    /// <exception cref="InvalidDataException">They are not; one sentence names two.</exception>
    public static void Check(IReadOnlyList<Capture> captures)
    {
        Capture first = captures[0];
        foreach (Capture other in captures.Skip(1))
        {
            if (other.Header.NodeName != first.Header.NodeName)
                throw new InvalidDataException($"{first.Name} is of {Host(first)} and {other.Name} of {Host(other)}: take those of one host");
            if (other.Header.BootId != first.Header.BootId)
                throw new InvalidDataException($"{Host(first)} was booted between {first.Name} and {other.Name}: sockets and times of the two cannot be told apart; take one of them");
        }
    }

    private static string Host(Capture capture) => HostView.Safe(capture.Header.NodeName);
}
