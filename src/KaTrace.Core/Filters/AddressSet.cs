using System.Net;

namespace KaTrace.Filters;

/// <summary>Any number of addresses and CIDRs, which are looked up by length of prefix: ten thousand take as long as one.</summary>
internal sealed class AddressSet
{
    private readonly (int Prefix, HashSet<UInt128> Networks)[] _v4;
    private readonly (int Prefix, HashSet<UInt128> Networks)[] _v6;

    /// <exception cref="FilterException">One is neither an address nor a CIDR.</exception>
    public AddressSet(IEnumerable<string> texts)
    {
        AddressRange[] ranges = [.. texts.Select(AddressRange.Parse)];
        IsEmpty = ranges.Length == 0;
        _v4 = ByPrefix(ranges.Where(range => range.Length == 4));
        _v6 = ByPrefix(ranges.Where(range => range.Length == 16));
    }

    public bool IsEmpty { get; }

    /// <param name="address">4 bytes, or 16 that are not IPv4-mapped.</param>
    public bool Contains(ReadOnlySpan<byte> address)
    {
        UInt128 value = AddressRange.Value(address);
        foreach ((int prefix, HashSet<UInt128> networks) in address.Length == 4 ? _v4 : _v6)
        {
            if (networks.Contains(AddressRange.Network(value, prefix)))
                return true;
        }

        return false;
    }

    private static (int Prefix, HashSet<UInt128> Networks)[] ByPrefix(IEnumerable<AddressRange> ranges) =>
        [.. ranges.GroupBy(range => range.PrefixLength).Select(group => (group.Key, group.Select(range => range.Start).ToHashSet()))];
}
