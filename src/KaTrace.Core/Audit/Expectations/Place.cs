using System.Globalization;
using KaTrace.Events;
using KaTrace.Filters;
using KaTrace.Sockets;

namespace KaTrace.Audit.Expectations;

/// <summary>An address, a CIDR, a port, or both: "10.0.0.0/8", ":5432", "10.0.0.0/8:5432", "[fd00::/8]:5432".</summary>
internal sealed record Place(AddressRange? Addresses, ushort? Port)
{
    /// <exception cref="FormatException">One clause says what is wrong.</exception>
    public static Place Parse(string text)
    {
        (string address, string? port) = Split(text);
        if (address.Length == 0 && port is null)
            throw new FormatException("a place is missing: write :5432, 10.0.0.0/8 or 10.0.0.0/8:5432");
        return new Place(address.Length == 0 ? null : ParseAddress(address), port is null ? null : ParsePort(port));
    }

    public bool Has(EndpointView end) => (Port is null || Port == end.Port) && (Addresses is null || Addresses.Contains(end.Address));

    /// <summary>Only in brackets can an IPv6 address have a port.</summary>
    private static (string Address, string? Port) Split(string text)
    {
        int close = text.LastIndexOf(']');
        if (text.StartsWith('[') && close > 0)
        {
            string rest = text[(close + 1)..];
            return rest.Length == 0 ? (text[1..close], null)
                : rest[0] == ':' ? (text[1..close], rest[1..])
                : throw new FormatException($"'{rest}' after ']' is not understood");
        }

        int colon = text.LastIndexOf(':');
        return colon < 0 || text.IndexOf(':', StringComparison.Ordinal) != colon ? (text, null) : (text[..colon], text[(colon + 1)..]);
    }

    private static AddressRange ParseAddress(string text)
    {
        try
        {
            return AddressRange.Parse(text);
        }
        catch (FilterException e)
        {
            throw new FormatException(e.Message, e);
        }
    }

    private static ushort ParsePort(string text) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) && port > 0
            ? port
            : throw new FormatException($"'{text}' is no port, which is 1 to 65535");
}
