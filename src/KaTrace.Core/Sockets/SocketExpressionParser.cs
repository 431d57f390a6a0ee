using System.Globalization;
using System.Text.RegularExpressions;
using KaTrace.Filters;
using static KaTrace.Sockets.SocketExpression;

namespace KaTrace.Sockets;

/// <summary>Reads a <see cref="SocketExpression"/> by the grammar of ss(8): "or" binds least, then "and", which may be left out, then "not".</summary>
internal sealed partial class SocketExpressionParser(string text)
{
    private const string Examples = "write it like 'sport = :5432', 'dst 10.0.0.0/8', 'state established', ':443' or '10.0.0.5:80', joined by and, or, not and ( )";
    private const int MaxDepth = 100;

    private readonly string[] _words = [.. Word().Matches(text).Select(m => m.Value)];
    private int _next;
    private int _depth;

    private string? Next => _next < _words.Length ? _words[_next] : null;

    /// <returns>Null if there are no words.</returns>
    public SocketExpression? Parse()
    {
        if (_words.Length == 0)
            return null;
        SocketExpression parsed = ParseOr();
        return Next is { } extra ? throw Wrong($"unexpected '{extra}'") : parsed;
    }

    private SocketExpression ParseOr()
    {
        SocketExpression left = ParseAnd();
        while (Take("or", "|", "||"))
            left = new Or(left, ParseAnd());
        return left;
    }

    private SocketExpression ParseAnd()
    {
        SocketExpression left = ParseNot();
        while (Take("and", "&", "&&") || Next is not (null or ")" or "or" or "|" or "||"))
            left = new And(left, ParseNot());
        return left;
    }

    private SocketExpression ParseNot()
    {
        if (++_depth > MaxDepth)
            throw Wrong("too deeply nested");
        SocketExpression parsed = Take("not", "!") ? new Not(ParseNot()) : ParseOne();
        _depth--;
        return parsed;
    }

    private SocketExpression ParseOne()
    {
        if (Take("("))
        {
            SocketExpression inner = ParseOr();
            return Take(")") ? inner : throw Wrong("a ')' is missing");
        }

        if (Take("state"))
            return new InState(SocketStates.Parse(Value("a state")));
        if (Take("exclude"))
            return new Not(new InState(SocketStates.Parse(Value("a state"))));
        if (Take("sport"))
            return ParsePort(Side.Local);
        if (Take("dport"))
            return ParsePort(Side.Remote);
        if (Take("src"))
            return ParseEnd(Side.Local);
        if (Take("dst"))
            return ParseEnd(Side.Remote);
        return End(Side.Either, Value("a condition"));
    }

    private SocketExpression ParsePort(Side side)
    {
        string comparison = Comparison() ?? "=";
        int port = Port(Value("a port"));
        return comparison switch
        {
            "!=" => new Not(new PortBetween(side, port, port)),
            "<" => new PortBetween(side, 0, port - 1),
            "<=" => new PortBetween(side, 0, port),
            ">" => new PortBetween(side, port + 1, ushort.MaxValue),
            ">=" => new PortBetween(side, port, ushort.MaxValue),
            _ => new PortBetween(side, port, port),
        };
    }

    private SocketExpression ParseEnd(Side side) => Comparison() switch
    {
        null or "=" => End(side, Value("an address")),
        "!=" => new Not(End(side, Value("an address"))),
        var comparison => throw Wrong($"addresses cannot be compared by '{comparison}'"),
    };

    /// <summary>"10.0.0.5", "10.0.0.0/8", "10.0.0.5:80", "[fe80::]/10:22", "::1", ":80", "*:80".</summary>
    private static At End(Side side, string end)
    {
        (string address, string? port) = Split(end);
        return new At(side, address is "" or "*" ? null : AddressRange.Parse(address), port is null or "*" ? null : Port(port));
    }

    private static (string Address, string? Port) Split(string end)
    {
        int close = end.IndexOf(']', StringComparison.Ordinal);
        int colon = end.LastIndexOf(':');
        // An IPv6 address without brackets has colons of its own, and then no port.
        bool hasPort = colon > close && (close >= 0 || end.IndexOf(':', StringComparison.Ordinal) == colon);
        string address = hasPort ? end[..colon] : end;
        return (address.Replace("[", "", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal), hasPort ? end[(colon + 1)..] : null);
    }

    private static int Port(string text)
    {
        string name = text.StartsWith(':') ? text[1..] : text;
        if (ushort.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port))
            return port;
        return Services.PortOf(name) ?? throw new FilterException($"bad port '{text}': a port is 0 to 65535, or a TCP service of {Services.Path}");
    }

    private string? Comparison()
    {
        string? comparison = Next switch
        {
            "=" or "==" or "eq" => "=",
            "!=" or "ne" or "neq" => "!=",
            "<" or "lt" => "<",
            "<=" or "le" or "leq" => "<=",
            ">" or "gt" => ">",
            ">=" or "ge" or "geq" => ">=",
            _ => null,
        };
        if (comparison is not null)
            _next++;
        return comparison;
    }

    private string Value(string what)
    {
        if (Next is not { } word || word is ")" or "(")
            throw Wrong($"{what} is missing {(Next is null ? "at the end" : $"before '{Next}'")}");
        _next++;
        return word;
    }

    private bool Take(params ReadOnlySpan<string> words)
    {
        if (Next is not { } word || !words.Contains(word))
            return false;
        _next++;
        return true;
    }

    private FilterException Wrong(string why) => new($"bad expression '{text}': {why}; {Examples}");

    [GeneratedRegex(@"[()]|[=!<>]=|[=!<>]|&&?|\|\|?|[^\s()=!<>&|]+")]
    private static partial Regex Word();
}
