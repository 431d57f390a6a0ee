using System.Buffers;
using System.Globalization;

namespace KaTrace.Output;

/// <summary>Reads durations as people type them: "90s", "1h43m", "500ms", "1.5h", "00:01:30" (hh:mm:ss) and
/// "00:00:00:30" (dd:hh:mm:ss, as dotnet-trace takes it).</summary>
internal static class DurationText
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    private static readonly (string Unit, long Ticks)[] Units =
    [
        ("ms", TimeSpan.TicksPerMillisecond),
        ("us", TimeSpan.TicksPerMicrosecond),
        ("d", TimeSpan.TicksPerDay),
        ("h", TimeSpan.TicksPerHour),
        ("m", TimeSpan.TicksPerMinute),
        ("s", TimeSpan.TicksPerSecond),
    ];

    /// <exception cref="FormatException">It is no duration; one sentence says how to write one.</exception>
    public static TimeSpan Parse(string text)
    {
        try
        {
            TimeSpan? duration = text.Contains(':', StringComparison.Ordinal) ? ParseClock(text) : ParseUnits(text);
            if (duration is { } parsed)
                return parsed;
        }
        catch (Exception e) when (e is OverflowException or ArgumentOutOfRangeException)
        {
            // Said below, as for any other.
        }

        throw new FormatException(
            $"bad duration '{text}': write it like 90s, 1h43m, 500ms, 00:01:30 (hh:mm:ss) or 00:00:00:30 (dd:hh:mm:ss)");
    }

    private static TimeSpan? ParseUnits(string text)
    {
        ReadOnlySpan<char> rest = text;
        decimal ticks = 0;
        do
        {
            int number = rest.IndexOfAnyExcept(Digits);
            if (number <= 0
                || !decimal.TryParse(rest[..number], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal value))
            {
                return null;
            }

            rest = rest[number..];
            (string unit, long ticksPerUnit) = UnitAt(rest);
            if (ticksPerUnit == 0)
                return null;
            ticks += value * ticksPerUnit;
            rest = rest[unit.Length..];
        }
        while (!rest.IsEmpty);

        return TimeSpan.FromTicks(decimal.ToInt64(ticks));
    }

    private static (string Unit, long Ticks) UnitAt(ReadOnlySpan<char> text)
    {
        foreach ((string unit, long ticks) in Units)
        {
            if (text.StartsWith(unit, StringComparison.Ordinal))
                return (unit, ticks);
        }

        return ("", 0);
    }

    private static TimeSpan? ParseClock(string text)
    {
        string[] parts = text.Split(':');
        // Two parts could be hours and minutes or minutes and seconds.
        if (parts.Length is not (3 or 4))
            return null;
        int[] values = new int[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out values[i]))
                return null;
        }

        int days = parts.Length == 4 ? values[0] : 0;
        int hours = values[^3];
        return values[^1] < 60 && values[^2] < 60 && (parts.Length == 3 || hours < 24)
            ? new TimeSpan(days, hours, values[^2], values[^1])
            : null;
    }
}
