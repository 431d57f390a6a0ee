using System.Globalization;
using System.Net;

namespace KaTrace.Server.Hosting;

/// <summary>Where the agent listens: <c>unix:PATH</c>, or <c>HOST:PORT</c>.</summary>
/// <param name="UnixPath">Of a Unix socket; null for TCP.</param>
/// <param name="EndPoint">For TCP; null for a Unix socket.</param>
/// <param name="Text">As it was given.</param>
internal sealed record ListenAddress(string? UnixPath, IPEndPoint? EndPoint, string Text)
{
    public const string DefaultText = "unix:/run/katrace/katrace.sock";

    /// <summary>sun_path of unix(7), with its NUL.</summary>
    private const int LongestPath = 107;

    public bool IsLoopback => EndPoint is null || IPAddress.IsLoopback(EndPoint.Address);

    /// <exception cref="FormatException">It is neither; the message is a sentence that names it.</exception>
    public static ListenAddress Parse(string text)
    {
        if (text.StartsWith("unix:", StringComparison.Ordinal))
            return new ListenAddress(UnixPathOf(text), null, text);
        int colon = text.LastIndexOf(':');
        if (colon <= 0 || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port))
            throw Bad(text);
        string host = text[..colon];
        if (host == "localhost")
            return new ListenAddress(null, new IPEndPoint(IPAddress.Loopback, port), text);
        if (host.StartsWith('[') != host.Contains(':', StringComparison.Ordinal) || !IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address))
            throw Bad(text);
        return new ListenAddress(null, new IPEndPoint(address, port), text);
    }

    private static string UnixPathOf(string text)
    {
        // gRPC writes unix:PATH and unix:///PATH.
        string path = text["unix:".Length..];
        if (path.StartsWith("//", StringComparison.Ordinal))
            path = path[2..];
        if (!path.StartsWith('/') || path.EndsWith('/') || path.Contains('\0', StringComparison.Ordinal))
            throw new FormatException($"bad address '{text}': the path of a Unix socket is absolute, such as {DefaultText}");
        if (System.Text.Encoding.UTF8.GetByteCount(path) > LongestPath)
            throw new FormatException($"bad address '{text}': the path of a Unix socket has {LongestPath} bytes at most");
        return path;
    }

    private static FormatException Bad(string text) =>
        new($"bad address '{text}': it is unix:PATH or ADDRESS:PORT, such as {DefaultText}, 127.0.0.1:4242 or [::]:4242");
}
