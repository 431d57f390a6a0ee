using System.Globalization;
using KaTrace.Captures;

namespace KaTrace.Cli.Replaying;

/// <summary>Says what is missing of a capture that has no end.</summary>
internal static class CutNotice
{
    public static string Of(Capture capture)
    {
        string rest = capture.CutBytes == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", and {capture.CutBytes:N0} bytes of a block that is not whole");
        return string.Create(CultureInfo.InvariantCulture, $"{capture.Name} was cut short: it has no end behind byte {capture.Length:N0}{rest}. What came later, or had not been written for up to two seconds, is missing");
    }
}
