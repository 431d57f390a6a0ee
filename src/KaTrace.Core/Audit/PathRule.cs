using System.Globalization;
using System.Net.NetworkInformation;
using KaTrace.Events;
using KaTrace.Filters;
using KaTrace.Output;
using KaTrace.Sockets;

namespace KaTrace.Audit;

/// <summary>Which connections go over a path: <c>[WHERE=]LIMIT</c>, where WHERE is an address or CIDR of the remote side, a port of
/// either (<c>:5432</c>), both (<c>10.0.0.0/8:5432</c>), or an interface of this host (<c>dev:eth0</c>).</summary>
/// <remarks>Without WHERE: all but those that stay on this host.</remarks>
internal sealed class PathRule
{
    private const string Form = "write a time such as 350s or a preset, after WHERE= if it is not for all: 10.0.0.0/8=350s, :5432=aws-nlb, dev:eth0=gcp-nat";

    private readonly AddressRange? _remote;
    private readonly ushort? _port;
    private readonly AddressRange[]? _local;

    private PathRule(PathLimit limit, AddressRange? remote, ushort? port, AddressRange[]? local)
    {
        Limit = limit;
        (_remote, _port, _local) = (remote, port, local);
    }

    public PathLimit Limit { get; }

    /// <exception cref="FormatException">One sentence says what is wrong.</exception>
    public static PathRule Parse(string text, IReadOnlyDictionary<string, TimeSpan> overrides)
    {
        int equals = text.LastIndexOf('=');
        PathLimit limit = ParseLimit(text, text[(equals + 1)..], overrides);
        if (equals < 0)
            return new PathRule(limit, null, null, null);
        string where = text[..equals];
        if (where.StartsWith("dev:", StringComparison.Ordinal))
            return new PathRule(limit, null, null, AddressesOf(text, where[4..]));

        (string address, ushort? port) = SplitPort(text, where);
        if (address.Length == 0 && port is null)
            throw new FormatException($"bad path '{text}': nothing stands before '='; {Form}");
        try
        {
            return new PathRule(limit, address.Length == 0 ? null : AddressRange.Parse(address), port, null);
        }
        catch (FilterException e)
        {
            throw new FormatException($"bad path '{text}': {e.Message}", e);
        }
    }

    public bool Covers(in SocketRow row)
    {
        EndpointView remote = EndpointView.Remote(in row);
        if (_port is { } port && row.Lport != port && row.Rport != port)
            return false;
        if (_remote is not null)
            return _remote.Contains(remote.Address);
        if (_local is not null)
            return Any(_local, EndpointView.Local(in row).Address) && row.Peer < 0;
        return row.Peer < 0 && !IsLoopback(remote.Address);
    }

    private static bool IsLoopback(ReadOnlySpan<byte> address) => address.Length == 4
        ? address[0] == 127
        : !address[..^1].ContainsAnyExcept((byte)0) && address[^1] == 1;

    private static bool Any(AddressRange[] ranges, ReadOnlySpan<byte> address)
    {
        foreach (AddressRange range in ranges)
        {
            if (range.Contains(address))
                return true;
        }

        return false;
    }

    private static PathLimit ParseLimit(string text, string limit, IReadOnlyDictionary<string, TimeSpan> overrides)
    {
        if (PathPresets.Find(limit) is { } preset)
            return overrides.TryGetValue(limit, out TimeSpan time) ? preset with { Timeout = time, AsOf = null, Source = null, About = "as configured" } : preset;
        if (limit.Length > 0 && char.IsAsciiDigit(limit[0]))
        {
            TimeSpan given = DurationText.Parse(limit);
            return given > TimeSpan.Zero ? PathLimit.Given(given) : throw new FormatException($"bad path '{text}': a time is longer than 0 s");
        }

        throw new FormatException($"bad path '{text}': '{limit}' is neither a time nor one of {string.Join(", ", PathPresets.All.Select(p => p.Name))}; {Form}");
    }

    /// <summary>IPv6 with a port is in brackets: [fd00::]/8:5432 would be read in two ways otherwise.</summary>
    private static (string Address, ushort? Port) SplitPort(string text, string where)
    {
        int colon = where.LastIndexOf(':');
        bool bracketed = where.StartsWith('[');
        if (colon < 0 || (!bracketed && where.IndexOf(':', StringComparison.Ordinal) != colon))
            return (where, null);
        string address = where[..colon];
        if (bracketed)
        {
            if (!where.Contains(']', StringComparison.Ordinal))
                throw new FormatException($"bad path '{text}': ']' is missing");
            if (colon < where.IndexOf(']', StringComparison.Ordinal))
                (address, colon) = (where, where.Length);
            address = address.Replace("[", "", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal);
            if (colon == where.Length)
                return (address, null);
        }

        return ushort.TryParse(where.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) && port > 0
            ? (address, port)
            : throw new FormatException($"bad path '{text}': '{where[(colon + 1)..]}' is no port, which is 1 to 65535");
    }

    private static AddressRange[] AddressesOf(string text, string device)
    {
        NetworkInterface? found = Array.Find(NetworkInterface.GetAllNetworkInterfaces(), n => n.Name == device)
            ?? throw new FormatException($"bad path '{text}': there is no interface '{device}' here");
        return [.. found.GetIPProperties().UnicastAddresses.Select(a => AddressRange.Parse(new System.Net.IPAddress(a.Address.GetAddressBytes()).ToString()))];
    }
}
