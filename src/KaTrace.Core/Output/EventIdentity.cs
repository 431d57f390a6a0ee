using KaTrace.Events;
using KaTrace.Processes;

namespace KaTrace.Output;

/// <summary>What wide output adds: it identifies socket and process. "-" is unknown.</summary>
internal static class EventIdentity
{
    public static void Append(ref Utf8Cursor text, in EventRecord record, ProcessIdentity? process)
    {
        AppendField(ref text, " netns="u8, record.Netns);
        AppendField(ref text, " cookie="u8, record.Cookie);
        if (record.Cookie != 0 && (record.Flags & EventFlags.Counted) != 0)
        {
            text.Append('/');
            text.Append(record.Generation);
        }

        AppendField(ref text, " inode="u8, record.Ino);
        AppendField(ref text, " cgroup="u8, record.CgroupId);
        text.Append(" cpu="u8);
        text.Append(record.Cpu);
        text.Append(" state="u8);
        if (record.OldState != record.State)
        {
            text.Append(StateNames.Of(record.OldState));
            text.Append('>');
        }

        text.Append(StateNames.Of(record.State));
        text.Append(" uto="u8);
        text.AppendThousandths(record.UserTimeout);
        text.Append('s');
        if (process is not null)
            text.Append(process.DetailText);
    }

    private static void AppendField(ref Utf8Cursor text, ReadOnlySpan<byte> name, ulong value)
    {
        text.Append(name);
        if (value == 0)
            text.Append('-');
        else
            text.Append(value);
    }
}
