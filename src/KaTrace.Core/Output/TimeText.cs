using System.Globalization;

namespace KaTrace.Output;

/// <summary>Says how long something is, in sentences.</summary>
internal static class TimeText
{
    /// <summary>As settings of keepalive are given: "7200 s", "2.5 s".</summary>
    public static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} s");

    /// <summary>In the units that people think in, two at most: "2 h 11 m", "15 m 24 s", "350 ms".</summary>
    public static string Of(TimeSpan time)
    {
        if (time < TimeSpan.FromSeconds(1))
            return $"{(int)time.TotalMilliseconds} ms";
        if (time < TimeSpan.FromSeconds(10))
            return string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(time.TotalSeconds * 10) / 10:0.#} s");
        return time switch
        {
            { TotalMinutes: < 1 } => $"{(int)time.TotalSeconds} s",
            { TotalHours: < 1 } => Two(time.Minutes, "m", time.Seconds, "s"),
            { TotalDays: < 1 } => Two(time.Hours, "h", time.Minutes, "m"),
            _ => Two((int)time.TotalDays, "d", time.Hours, "h"),
        };
    }

    private static string Two(int large, string largeUnit, int small, string smallUnit) =>
        small == 0 ? $"{large} {largeUnit}" : $"{large} {largeUnit} {small} {smallUnit}";
}
