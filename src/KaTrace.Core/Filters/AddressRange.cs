using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using KaTrace.Output;

namespace KaTrace.Filters;

/// <summary>An address or CIDR. An IPv4-mapped one is IPv4, and IPv6 never covers IPv4.</summary>
internal sealed class AddressRange
{
    private const int MappedPrefix = 96;
    private AddressRange(byte[] network, int prefixLength)
    {
        (Length, PrefixLength) = (network.Length, prefixLength);
        Start = Network(Value(network), prefixLength);
    }

    /// <summary>4 or 16.</summary>
    public int Length { get; }

    public int PrefixLength { get; }

    /// <summary>The first address, as <see cref="Value"/>.</summary>
    public UInt128 Start { get; }

    /// <summary>Bits of the host part may be set: "10.1.2.3/8" is 10.0.0.0/8.</summary>
    /// <exception cref="FilterException">It is neither an address nor a CIDR.</exception>
    public static AddressRange Parse(string text)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        byte[] address = ParseAddress(text, slash < 0 ? text : text[..slash]);
        int bits = address.Length * 8;
        int prefixLength = slash < 0 ? bits : ParsePrefixLength(text, text[(slash + 1)..], bits);
        if (address.Length == 16 && prefixLength >= MappedPrefix && new IPAddress(address).IsIPv4MappedToIPv6)
            return new AddressRange(address[12..], prefixLength - MappedPrefix);
        return new AddressRange(address, prefixLength);
    }

    /// <param name="address">4 bytes, or 16 that are not IPv4-mapped.</param>
    public bool Contains(ReadOnlySpan<byte> address) => address.Length == Length && Network(Value(address), PrefixLength) == Start;

    /// <summary>An address as a number whose highest bits are the network's.</summary>
    public static UInt128 Value(ReadOnlySpan<byte> address) => address.Length == 4
        ? (UInt128)BinaryPrimitives.ReadUInt32BigEndian(address) << 96
        : BinaryPrimitives.ReadUInt128BigEndian(address);

    public static UInt128 Network(UInt128 value, int prefixLength) => prefixLength == 0 ? 0 : value >> (128 - prefixLength) << (128 - prefixLength);

    private static byte[] ParseAddress(string text, string address)
    {
        return AddressText.TryParse(address, out IPAddress? parsed)
            ? parsed.GetAddressBytes()
            : throw new FilterException($"bad address '{text}': write an address or CIDR such as 10.0.0.5, 10.0.0.0/8 or fe80::/10");
    }

    private static int ParsePrefixLength(string text, string prefix, int bits)
    {
        if (!int.TryParse(prefix, NumberStyles.None, CultureInfo.InvariantCulture, out int length) || length > bits)
        {
            string version = bits == 32 ? "IPv4" : "IPv6";
            throw new FilterException($"bad address '{text}': the prefix length of an {version} address is 0 to {bits}");
        }

        return length;
    }
}
