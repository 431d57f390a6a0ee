using System.Globalization;

namespace KaTrace.Output;

/// <summary>"100 % of 1,234 probes seen, by the kernel's own count"</summary>
internal static class CoverageSentence
{
    public static string Of(ulong traced, ulong counted)
    {
        // Rounded down: 100 % means all.
        double percent = Math.Floor(Math.Min(1, (double)traced / counted) * 1000) / 10;
        return string.Create(CultureInfo.InvariantCulture, $"{percent} % of {counted:N0} probes seen, by the kernel's own count");
    }
}
