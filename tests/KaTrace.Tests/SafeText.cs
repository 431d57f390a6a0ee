using System.Globalization;
using System.Text;

namespace KaTrace.Tests;

internal static class SafeText
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>Fails unless a terminal shows the line as it reads: valid UTF-8 that neither controls nor reorders.</summary>
    public static void AssertSafe(ReadOnlySpan<byte> line)
    {
        foreach (Rune rune in Strict.GetString(line).EnumerateRunes())
        {
            UnicodeCategory category = Rune.GetUnicodeCategory(rune);
            Assert.False(
                category is UnicodeCategory.Control or UnicodeCategory.Format
                    or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator,
                $"U+{rune.Value:X4} reaches the terminal");
        }
    }
}
