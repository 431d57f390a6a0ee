using System.Globalization;
using System.Text.RegularExpressions;
using KaTrace.Output;

namespace KaTrace.Cli.Replaying;

/// <summary>A time in a capture: of the clock, or after its beginning.</summary>
/// <param name="Absolute">Null: after the beginning.</param>
/// <param name="AfterBegin">How long.</param>
/// <param name="ExtraNs">What <paramref name="Absolute"/> is too coarse for: events have nanoseconds.</param>
internal readonly partial record struct CaptureTime(DateTimeOffset? Absolute, TimeSpan AfterBegin, int ExtraNs = 0)
{
    private const string Layout = "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK";

    /// <exception cref="FormatException">It is neither; one sentence says how to write one.</exception>
    public static CaptureTime Parse(string text)
    {
        // Without a zone it would mean something else on every host.
        Match fine = Nanoseconds().Match(text);
        string coarse = fine.Success ? text.Remove(fine.Groups[1].Index, fine.Groups[1].Length) : text;
        if (DateTimeOffset.TryParseExact(coarse, Layout, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset time)
            && (text.EndsWith('Z') || text.LastIndexOfAny(['+', '-']) > text.IndexOf('T', StringComparison.Ordinal)))
        {
            return new CaptureTime(time, default, fine.Success ? int.Parse(fine.Groups[1].ValueSpan, CultureInfo.InvariantCulture) * (fine.Groups[1].Length == 1 ? 10 : 1) : 0);
        }

        try
        {
            return new CaptureTime(null, DurationText.Parse(text));
        }
        catch (FormatException)
        {
            throw new FormatException($"bad time '{text}': write it like 2026-08-21T10:46:34Z, with a zone, or like 1m30s after the capture began");
        }
    }

    /// <param name="begunUnixNs">When the capture began.</param>
    public long ToUnixNs(long begunUnixNs) => Absolute is { } time
        ? ((time.UtcTicks - DateTime.UnixEpoch.Ticks) * TimeSpan.NanosecondsPerTick) + ExtraNs
        : begunUnixNs + (AfterBegin.Ticks * TimeSpan.NanosecondsPerTick);

    /// <summary>The eighth and ninth digit of a second.</summary>
    [GeneratedRegex("[.][0-9]{7}([0-9]{1,2})(?![0-9])")]
    private static partial Regex Nanoseconds();
}
