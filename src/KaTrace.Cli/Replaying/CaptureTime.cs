using System.Globalization;
using KaTrace.Output;

namespace KaTrace.Cli.Replaying;

/// <summary>A time in a capture: of the clock, or after its beginning.</summary>
internal readonly record struct CaptureTime(DateTimeOffset? Absolute, TimeSpan AfterBegin)
{
    private const string Layout = "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK";

    /// <exception cref="FormatException">It is neither; one sentence says how to write one.</exception>
    public static CaptureTime Parse(string text)
    {
        // Without a zone it would mean something else on every host.
        if (DateTimeOffset.TryParseExact(text, Layout, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset time)
            && (text.EndsWith('Z') || text.LastIndexOfAny(['+', '-']) > text.IndexOf('T', StringComparison.Ordinal)))
        {
            return new CaptureTime(time, default);
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
        ? (time.UtcTicks - DateTime.UnixEpoch.Ticks) * TimeSpan.NanosecondsPerTick
        : begunUnixNs + (AfterBegin.Ticks * TimeSpan.NanosecondsPerTick);
}
