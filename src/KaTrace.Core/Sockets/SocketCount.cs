using System.Globalization;

namespace KaTrace.Sockets;

/// <summary>About how many TCP sockets there are, so that arrays for them need not grow.</summary>
internal static class SocketCount
{
    private const int Least = 1024;
    private const int Most = 1 << 20;

    /// <summary>By /proc/net/sockstat: "alloc" is of the whole host, "tw" of this namespace alone.</summary>
    public static int Estimate()
    {
        try
        {
            return Estimate(File.ReadLines("/proc/net/sockstat"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Least;
        }
    }

    /// <param name="lines">Such as "TCP: inuse 5 orphan 0 tw 2 alloc 7 mem 1".</param>
    internal static int Estimate(IEnumerable<string> lines)
    {
        string[] words = lines.FirstOrDefault(line => line.StartsWith("TCP:", StringComparison.Ordinal))?.Split(' ') ?? [];
        long count = NumberAfter(words, "alloc") + NumberAfter(words, "tw");
        return (int)Math.Clamp(count + (count / 16), Least, Most);
    }

    private static long NumberAfter(string[] words, string name)
    {
        int at = Array.IndexOf(words, name);
        return at >= 0 && at + 1 < words.Length && int.TryParse(words[at + 1], NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0;
    }
}
