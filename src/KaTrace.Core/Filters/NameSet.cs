using System.Text;
using KaTrace.Events;

namespace KaTrace.Filters;

/// <summary>Names of processes. Plain ones are looked up, however many they are; each with <c>*</c> or <c>?</c> is tried, so that
/// those are few: see <see cref="EventFilter"/>.</summary>
internal sealed class NameSet
{
    /// <summary>A character of a name takes four bytes at most once it is decoded, and a star may stand before each.</summary>
    private const int LongestPattern = 5 * (RecordComm.MostBytes + 1);

    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _plain;
    private readonly byte[][] _patterns;

    /// <exception cref="FilterException">One is longer than what it could match.</exception>
    public NameSet(IReadOnlyCollection<string> names)
    {
        ILookup<bool, string> byKind = names.ToLookup(name => name.AsSpan().ContainsAny('*', '?'));
        _plain = byKind[false].ToHashSet(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
        _patterns = [.. byKind[true].Select(Encoding.UTF8.GetBytes)];
        IsEmpty = names.Count == 0;
        if (Array.Find(_patterns, pattern => pattern.Length > LongestPattern) is { } endless)
            throw new FilterException($"bad name '{Encoding.UTF8.GetString(endless)[..16]}…': it has {endless.Length:N0} bytes, and no name of a process is as long");
    }

    public bool IsEmpty { get; }

    /// <summary>How many are tried one after the other.</summary>
    public int Patterns => _patterns.Length;

    public bool Matches(ReadOnlySpan<byte> name)
    {
        Span<char> text = stackalloc char[64];
        if (Encoding.UTF8.TryGetChars(name, text, out int length) && _plain.Contains(text[..length]))
            return true;
        foreach (byte[] pattern in _patterns)
        {
            if (Glob.Matches(pattern, name))
                return true;
        }

        return false;
    }
}
