using System.Globalization;

namespace KaTrace.Cli;

/// <summary>Numbers of bytes as people write them: 4096, 64K, 8M, 1G.</summary>
internal static class ByteSize
{
    public static bool TryParse(string text, out ulong bytes)
    {
        (string digits, int shift) = text.ToUpperInvariant() switch
        {
            [.. var number, 'K'] => (number, 10),
            [.. var number, 'M'] => (number, 20),
            [.. var number, 'G'] => (number, 30),
            var number => (number, 0),
        };
        bool valid = ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out bytes) && bytes <= ulong.MaxValue >> shift;
        bytes <<= shift;
        return valid;
    }
}
