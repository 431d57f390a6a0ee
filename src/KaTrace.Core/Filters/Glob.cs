namespace KaTrace.Filters;

/// <summary>Matches <c>*</c> (any text) and <c>?</c> (one character) on UTF-8.</summary>
internal static class Glob
{
    /// <summary>Linear in practice: on a mismatch only the latest star is widened, which is enough as an earlier one
    /// already took the leftmost match.</summary>
    public static bool Matches(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> text)
    {
        int p = 0, t = 0, star = -1, retry = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == (byte)'*')
            {
                star = p++;
                retry = t;
            }
            else if (p < pattern.Length && pattern[p] == (byte)'?')
            {
                p++;
                t = NextCharacter(text, t);
            }
            else if (p < pattern.Length && pattern[p] == text[t])
            {
                p++;
                t++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                t = retry = NextCharacter(text, retry);
            }
            else
            {
                return false;
            }
        }

        return !pattern[p..].ContainsAnyExcept((byte)'*');
    }

    private static int NextCharacter(ReadOnlySpan<byte> text, int at)
    {
        do
            at++;
        while (at < text.Length && (text[at] & 0xC0) == 0x80);
        return at;
    }
}
