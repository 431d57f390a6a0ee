using System.Buffers;

namespace KaTrace.Processes;

/// <summary>A container as its control group names it.</summary>
/// <param name="Runtime">"docker", "containerd", "cri-o" or "podman"; null: the name does not say.</param>
/// <param name="Id">64 hexadecimal digits; in what others have sent or recorded, anything.</param>
internal sealed record Container(string? Runtime, string Id)
{
    public const int IdLength = 64;
    private const int ShortLength = 12;

    private static readonly (string Prefix, string Runtime)[] Runtimes =
    [
        ("docker", "docker"),
        ("cri-containerd", "containerd"),
        ("nerdctl", "containerd"),
        ("crio", "cri-o"),
        ("libpod", "podman"),
    ];

    private static readonly SearchValues<char> LowerHex = SearchValues.Create("0123456789abcdef");

    /// <summary>As the tools of all four show it.</summary>
    public string ShortId => Id.Length > ShortLength ? Id[..ShortLength] : Id;

    /// <summary>One name in the path of a control group: "docker-ID.scope" where systemd makes it, "ID", "crio-ID" or "libpod-ID" where
    /// the runtime does. What watches a container beside it ("crio-conmon-ID.scope") is none.</summary>
    /// <param name="segment">The name.</param>
    /// <param name="parent">The name before it in the path.</param>
    public static Container? OfSegment(string segment, string parent)
    {
        const string Scope = ".scope";
        string name = segment.EndsWith(Scope, StringComparison.Ordinal) ? segment[..^Scope.Length] : segment;
        if (name.Length < IdLength || !IsId(name.AsSpan(name.Length - IdLength)))
            return null;

        string id = name[^IdLength..];
        string prefix = name[..^IdLength];
        if (prefix.Length == 0)
            return new Container(parent == "docker" ? "docker" : null, id);
        foreach ((string known, string runtime) in Runtimes)
        {
            if (prefix.Length == known.Length + 1 && prefix[^1] == '-' && prefix.StartsWith(known, StringComparison.Ordinal))
                return new Container(runtime, id);
        }

        return null;
    }

    /// <summary>A part of an id that may stand for it, as the tools of all four take it.</summary>
    public static bool IsIdOrBeginning(string text) => text.Length is >= 1 and <= IdLength && IsId(text);

    private static bool IsId(ReadOnlySpan<char> text) => !text.ContainsAnyExcept(LowerHex);
}
