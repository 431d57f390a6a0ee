using KaTrace.Events;

namespace KaTrace.Output;

/// <summary>Says the settings of keepalive on a socket.</summary>
internal static class SettingsText
{
    /// <summary>All that count, marking those that are not the socket's own: "idle 60 s, interval 75 s (sysctl)".</summary>
    public static void AppendAll(ref Utf8Cursor text, in EventRecord record, in KernelClock clock)
    {
        AppendSeconds(ref text, "idle "u8, clock.ToSeconds(record.Idle));
        AppendOrigin(ref text, record.Own, KeepaliveSettings.Idle);
        AppendSeconds(ref text, ", interval "u8, clock.ToSeconds(record.Intvl));
        AppendOrigin(ref text, record.Own, KeepaliveSettings.Intvl);
        if (record.UserTimeout != 0)
        {
            // The kernel then ignores the count.
            AppendUserTimeout(ref text, ", "u8, record.UserTimeout);
            return;
        }

        text.Append(", count "u8);
        text.Append(record.Cnt);
        AppendOrigin(ref text, record.Own, KeepaliveSettings.Cnt);
    }

    /// <summary>Those that the call changed, and that they do nothing as long as keepalive is off.</summary>
    public static void AppendChanged(ref Utf8Cursor text, in EventRecord record, in KernelClock clock)
    {
        ReadOnlySpan<byte> separator = [];
        if ((record.Changed & KeepaliveSettings.Idle) != 0)
        {
            AppendSeconds(ref text, "idle "u8, clock.ToSeconds(record.Idle));
            separator = ", "u8;
        }

        if ((record.Changed & KeepaliveSettings.Intvl) != 0)
        {
            text.Append(separator);
            AppendSeconds(ref text, "interval "u8, clock.ToSeconds(record.Intvl));
            separator = ", "u8;
        }

        if ((record.Changed & KeepaliveSettings.Cnt) != 0)
        {
            text.Append(separator);
            text.Append("count "u8);
            text.Append(record.Cnt);
            separator = ", "u8;
        }

        if ((record.Changed & KeepaliveSettings.UserTimeout) != 0)
            AppendUserTimeout(ref text, separator, record.UserTimeout);
        if ((record.Flags & EventFlags.Keepalive) == 0)
            text.Append(" (keepalive is off)"u8);
    }

    private static void AppendSeconds(ref Utf8Cursor text, ReadOnlySpan<byte> name, uint seconds)
    {
        text.Append(name);
        text.Append(seconds);
        text.Append(" s"u8);
    }

    private static void AppendUserTimeout(ref Utf8Cursor text, ReadOnlySpan<byte> separator, uint milliseconds)
    {
        text.Append(separator);
        if (milliseconds == 0)
        {
            text.Append("no user timeout"u8);
            return;
        }

        text.Append("user timeout "u8);
        text.AppendThousandths(milliseconds);
        text.Append(" s"u8);
    }

    private static void AppendOrigin(ref Utf8Cursor text, KeepaliveSettings own, KeepaliveSettings setting)
    {
        if ((own & setting) == 0)
            text.Append(" (sysctl)"u8);
    }
}
