namespace KaTrace.Output;

/// <summary>Durations for eyes, in their two largest units: "420ms", "4.2s", "3m20s", "1h59m", "3d4h".</summary>
internal static class ShortDuration
{
    public static void Append(ref Utf8Cursor text, ulong milliseconds)
    {
        ulong seconds = milliseconds / 1000;
        switch (seconds)
        {
            case 0:
                AppendUnit(ref text, milliseconds, "ms"u8);
                break;
            case < 10:
                text.AppendThousandths(milliseconds / 100 * 100);
                text.Append('s');
                break;
            case < 60:
                AppendUnit(ref text, seconds, "s"u8);
                break;
            case < 3600:
                AppendPair(ref text, seconds, 60, "m"u8, 1, "s"u8);
                break;
            case < 86400:
                AppendPair(ref text, seconds, 3600, "h"u8, 60, "m"u8);
                break;
            default:
                AppendPair(ref text, seconds, 86400, "d"u8, 3600, "h"u8);
                break;
        }
    }

    private static void AppendPair(ref Utf8Cursor text, ulong seconds, ulong large, ReadOnlySpan<byte> largeName, ulong small, ReadOnlySpan<byte> smallName)
    {
        AppendUnit(ref text, seconds / large, largeName);
        ulong rest = seconds % large / small;
        if (rest > 0)
            AppendUnit(ref text, rest, smallName);
    }

    private static void AppendUnit(ref Utf8Cursor text, ulong value, ReadOnlySpan<byte> unit)
    {
        text.Append(value);
        text.Append(unit);
    }
}
