using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace KaTrace.Output;

/// <summary>The text form of addresses: dotted IPv4, and IPv6 as RFC 5952 has it.</summary>
/// <remarks>By hand, as IPAddress allocates and writes some IPv6 addresses with a dotted tail ("::1.2.3.4").</remarks>
internal static class AddressText
{
    /// <summary>Longest form: eight groups of four digits and seven colons.</summary>
    public const int MaxLength = 39;

    private const int GroupCount = 8;

    /// <summary>Writes an address of 4 or 16 bytes and returns how many bytes of text it takes.</summary>
    public static int Format(ReadOnlySpan<byte> address, Span<byte> destination) =>
        address.Length == 4 ? FormatIPv4(address, destination) : FormatIPv6(address, destination);

    public static string ToText(ReadOnlySpan<byte> address)
    {
        Span<byte> text = stackalloc byte[MaxLength];
        return Encoding.ASCII.GetString(text[..Format(address, text)]);
    }

    /// <summary>Of one form each: what else IPAddress takes ("10.1", "0x7f.1", "[::1]:80", "fe80::1%eth0") would be a mistake.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out IPAddress? address)
    {
        address = null;
        return text.AsSpan().IndexOfAny("[]%") < 0
            && IPAddress.TryParse(text, out address)
            && (address.AddressFamily != AddressFamily.InterNetwork || address.ToString() == text);
    }

    private static int FormatIPv4(ReadOnlySpan<byte> address, Span<byte> destination)
    {
        int at = 0;
        for (int i = 0; i < 4; i++)
        {
            if (i > 0)
                destination[at++] = (byte)'.';
            uint value = address[i];
            if (value >= 100)
                destination[at++] = (byte)('0' + value / 100);
            if (value >= 10)
                destination[at++] = (byte)('0' + value / 10 % 10);
            destination[at++] = (byte)('0' + value % 10);
        }

        return at;
    }

    private static int FormatIPv6(ReadOnlySpan<byte> address, Span<byte> destination)
    {
        (int zeros, int zeroCount) = LongestZeros(address);
        int at = 0;
        for (int group = 0; group < GroupCount; group++)
        {
            if (group == zeros)
            {
                destination[at++] = (byte)':';
                destination[at++] = (byte)':';
                group += zeroCount - 1;
                continue;
            }

            if (group > 0 && destination[at - 1] != (byte)':')
                destination[at++] = (byte)':';
            Utf8Formatter.TryFormat(Group(address, group), destination[at..], out int written, 'x');
            at += written;
        }

        return at;
    }

    /// <summary>The first of the longest runs of zero groups; a single group is not shortened (RFC 5952, 4.2).</summary>
    private static (int Start, int Count) LongestZeros(ReadOnlySpan<byte> address)
    {
        (int Start, int Count) longest = (-1, 1);
        int run = 0;
        for (int group = 0; group < GroupCount; group++)
        {
            run = Group(address, group) == 0 ? run + 1 : 0;
            if (run > longest.Count)
                longest = (group - run + 1, run);
        }

        return longest;
    }

    private static ushort Group(ReadOnlySpan<byte> address, int index) =>
        BinaryPrimitives.ReadUInt16BigEndian(address[(index * 2)..]);
}
