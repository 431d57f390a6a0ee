using System.Globalization;
using System.Net;
using KaTrace.Events;
using KaTrace.Sockets;

namespace KaTrace.Explaining;

/// <summary>What a target names.</summary>
internal enum TargetKind
{
    Port,
    Pid,
    Inode,
    Cookie,
    Endpoint,
}

/// <summary>Which sockets are to be explained, as the user writes it: a number alone may be a port, a process or an inode, which
/// <c>port:</c>, <c>pid:</c> and <c>inode:</c> before it say.</summary>
internal sealed record ExplainTarget
{
    private const string Form = "write a port, a process id, a socket inode, or ADDRESS:PORT such as 10.0.0.5:6379 or [fd00::1]:6379; port:, pid:, inode: or cookie: before a number say which it is";

    private static readonly (string Prefix, TargetKind Kind)[] Prefixes =
        [("port:", TargetKind.Port), ("pid:", TargetKind.Pid), ("inode:", TargetKind.Inode), ("cookie:", TargetKind.Cookie)];

    /// <summary>Whatever one of these finds is it, the first before the next.</summary>
    private readonly TargetKind[] _kinds;
    private readonly ulong _number;
    private readonly byte[] _address = [];

    private ExplainTarget(string text, ulong number, params TargetKind[] kinds) => (Text, _number, _kinds) = (text, number, kinds);

    private ExplainTarget(string text, byte[] address, ushort port)
        : this(text, port, TargetKind.Endpoint) => _address = address;

    public string Text { get; }

    /// <summary>Without what says which kind of number it is.</summary>
    public string Name => _kinds[0] == TargetKind.Endpoint ? Text : _number.ToString(CultureInfo.InvariantCulture);

    /// <exception cref="FormatException">One sentence says what is wrong.</exception>
    public static ExplainTarget Parse(string text)
    {
        foreach ((string prefix, TargetKind kind) in Prefixes)
        {
            if (text.StartsWith(prefix, StringComparison.Ordinal))
                return new ExplainTarget(text, Number(text, text[prefix.Length..], kind == TargetKind.Port ? ushort.MaxValue : ulong.MaxValue), kind);
        }

        if (text.Length > 0 && text.All(char.IsAsciiDigit))
            return new ExplainTarget(text, Number(text, text, ulong.MaxValue), TargetKind.Port, TargetKind.Pid, TargetKind.Inode);
        // ":6379" as ss writes a port.
        if (text.StartsWith(':') && text.AsSpan(1).IndexOf(':') < 0)
            return new ExplainTarget(text, Number(text, text[1..], ushort.MaxValue), TargetKind.Port);
        return ParseEndpoint(text);
    }

    /// <summary>The sockets that it names, and what else the number could have meant.</summary>
    public TargetMatch Find(SocketTable table)
    {
        (TargetKind Kind, int[] Rows)[] found = [.. _kinds.Select(kind => (kind, Rows(table, kind))).Where(match => match.Item2.Length > 0)];
        return found.Length == 0
            ? new TargetMatch(_kinds[0], [], [])
            : new TargetMatch(found[0].Kind, found[0].Rows, [.. found.Skip(1).Select(match => match.Kind)]);
    }

    /// <summary>A sentence for each thing that it could have named instead.</summary>
    public IEnumerable<string> Choices(TargetMatch match) => match.Others.Select(other =>
        $"{Name} is taken for a {match.Kind.ToString().ToLowerInvariant()}; it names sockets as {PrefixOf(other)}{Name}, too");

    private static string PrefixOf(TargetKind kind) => Array.Find(Prefixes, prefix => prefix.Kind == kind).Prefix;

    private static ExplainTarget ParseEndpoint(string text)
    {
        int colon = text.LastIndexOf(':');
        string address = colon < 0 ? "" : text[..colon];
        bool isBracketed = address.StartsWith('[') && address.EndsWith(']');
        // An IPv6 address without brackets would lose its last group.
        if (colon < 0 || (!isBracketed && address.Contains(':', StringComparison.Ordinal))
            || !IPAddress.TryParse(address, out IPAddress? parsed))
        {
            throw new FormatException($"bad target '{text}': {Form}");
        }

        byte[] bytes = (parsed.IsIPv4MappedToIPv6 ? parsed.MapToIPv4() : parsed).GetAddressBytes();
        return new ExplainTarget(text, bytes, (ushort)Number(text, text[(colon + 1)..], ushort.MaxValue));
    }

    private static ulong Number(string text, string digits, ulong max) =>
        ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) && number > 0 && number <= max
            ? number
            : throw new FormatException($"bad target '{text}': '{digits}' is no number from 1 to {max}; {Form}");

    /// <summary>The side that has the port or address itself goes before the side that only talks to it: on this host they are the two
    /// sides of one connection.</summary>
    private int[] Rows(SocketTable table, TargetKind kind)
    {
        int[] rows = Rows(table, kind, ofPeer: false);
        return rows.Length > 0 || kind is TargetKind.Pid or TargetKind.Inode or TargetKind.Cookie ? rows : Rows(table, kind, ofPeer: true);
    }

    private int[] Rows(SocketTable table, TargetKind kind, bool ofPeer)
    {
        List<int> rows = [];
        for (int i = 0; i < table.Rows.Length; i++)
        {
            if (Is(table, in table.Rows[i], kind, ofPeer))
                rows.Add(i);
        }

        return [.. rows];
    }

    private bool Is(SocketTable table, in SocketRow row, TargetKind kind, bool ofPeer)
    {
        switch (kind)
        {
            case TargetKind.Port:
                return (ofPeer ? row.Rport : row.Lport) == _number;
            case TargetKind.Endpoint:
                EndpointView end = ofPeer ? EndpointView.Remote(in row) : EndpointView.Local(in row);
                return end.Port == _number && end.Address.SequenceEqual(_address);
            case TargetKind.Inode:
                return row.Ino == _number;
            case TargetKind.Cookie:
                return row.Cookie == _number;
            default:
                foreach (ref readonly SocketHolder holder in table.HoldersOf(in row))
                {
                    if (table.Processes[holder.Process].Key.Pid == _number)
                        return true;
                }

                return false;
        }
    }
}
