using System.Buffers.Text;

namespace KaTrace.Processes;

/// <summary>Reads proc_pid_stat(5) and proc_pid_status(5).</summary>
internal static class ProcessStat
{
    // USER_HZ is 100 on every architecture that .NET runs on.
    public const ulong NsPerTick = 1_000_000_000 / 100;

    private const int StartTimeField = 22;

    /// <summary>When the process started.</summary>
    /// <remarks>Its name, field 2 in parentheses, may itself hold spaces and parentheses: fields are counted from the last one.</remarks>
    public static bool TryParseStart(ReadOnlySpan<byte> stat, out ulong startTicks)
    {
        startTicks = 0;
        int name = stat.LastIndexOf((byte)')');
        if (name < 0)
            return false;
        ReadOnlySpan<byte> rest = stat[(name + 1)..];
        for (int field = 2; field < StartTimeField; field++)
        {
            int space = rest.IndexOf((byte)' ');
            if (space < 0)
                return false;
            rest = rest[(space + 1)..];
        }

        return Utf8Parser.TryParse(rest, out startTicks, out int consumed) && consumed > 0;
    }

    /// <summary>The number at a place of a line of status: <c>Uid: real effective saved filesystem</c>. Null: there is no such line.</summary>
    /// <param name="status">The file, or its beginning.</param>
    /// <param name="name">"\nUid:": no line before it can hold that, as newlines in names are escaped.</param>
    /// <param name="at">From 0; the last number where there are fewer.</param>
    public static uint? Number(ReadOnlySpan<byte> status, ReadOnlySpan<byte> name, int at)
    {
        int start = status.IndexOf(name);
        if (start < 0)
            return null;
        ReadOnlySpan<byte> line = status[(start + name.Length)..];
        int end = line.IndexOf((byte)'\n');
        if (end < 0)
            return null; // cut: the number may be, too
        line = line[..end];
        uint? found = null;
        for (int i = 0; i <= at; i++)
        {
            line = line.TrimStart("\t "u8);
            if (!Utf8Parser.TryParse(line, out uint number, out int consumed))
                return found;
            found = number;
            line = line[consumed..];
        }

        return found;
    }
}
