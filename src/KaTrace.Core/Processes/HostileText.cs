using System.Globalization;
using System.Text;

namespace KaTrace.Processes;

/// <summary>Makes text that a traced process chose fit to be shown. Names and arguments may hold anything: escape
/// sequences that drive a terminal, or marks that reorder what a reader sees.</summary>
/// <remarks>Shown escaped are control characters (C0, DEL, C1), all format characters (category Cf: bidi marks,
/// overrides and isolates, zero-width joiners), and line and paragraph separators. Invalid UTF-8 is U+FFFD. A
/// backslash stays as it is: command lines are full of them, and the escapes are for reading only.</remarks>
internal static class HostileText
{
    public static string Decode(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    /// <summary>For a terminal: <c>\xNN</c> below U+0080, <c>\u{N}</c> above.</summary>
    public static byte[] ForTerminal(string text)
    {
        StringBuilder safe = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (!IsHostile(rune))
                safe.Append(rune);
            else if (rune.IsAscii)
                safe.Append(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}");
            else
                safe.Append(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:x}}}");
        }

        return Encoding.UTF8.GetBytes(safe.ToString());
    }

    /// <summary>For the inside of a JSON string.</summary>
    public static byte[] ForJson(string text)
    {
        StringBuilder safe = new(text.Length);
        Span<char> units = stackalloc char[2];
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (IsHostile(rune))
            {
                int count = rune.EncodeToUtf16(units);
                foreach (char unit in units[..count])
                    safe.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}");
            }
            else
            {
                if (rune.Value is '"' or '\\')
                    safe.Append('\\');
                safe.Append(rune);
            }
        }

        return Encoding.UTF8.GetBytes(safe.ToString());
    }

    private static bool IsHostile(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Control
        or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator;
}
