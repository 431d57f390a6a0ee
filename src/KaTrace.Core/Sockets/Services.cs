using System.Globalization;

namespace KaTrace.Sockets;

/// <summary>Names of TCP ports, by services(5).</summary>
internal static class Services
{
    public const string Path = "/etc/services";

    private static readonly Lazy<(Dictionary<string, int> Ports, Dictionary<int, string> Names)> Known = new(Read);

    /// <summary>Null if there is no such service.</summary>
    public static int? PortOf(string name) => Known.Value.Ports.TryGetValue(name, out int port) ? port : null;

    /// <summary>Null if the port has no name.</summary>
    public static string? NameOf(int port) => Known.Value.Names.GetValueOrDefault(port);

    /// <summary>Lines of "name port/protocol aliases # comment"; without the file there are no names.</summary>
    private static (Dictionary<string, int> Ports, Dictionary<int, string> Names) Read()
    {
        Dictionary<string, int> ports = new(StringComparer.Ordinal);
        Dictionary<int, string> names = [];
        foreach (string line in File.Exists(Path) ? File.ReadLines(Path) : [])
        {
            string[] words = line.Split('#')[0].Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2 || !words[1].EndsWith("/tcp", StringComparison.Ordinal)
                || !ushort.TryParse(words[1].AsSpan(..^4), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port))
            {
                continue;
            }

            names.TryAdd(port, words[0]);
            foreach (string name in words[2..].Prepend(words[0]))
                ports.TryAdd(name, port);
        }

        return (ports, names);
    }
}
