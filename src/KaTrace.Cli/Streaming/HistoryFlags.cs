using System.CommandLine;
using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using KaTrace.Output;
using KaTrace.V1;
using static KaTrace.Cli.ParsedOption;

namespace KaTrace.Cli.Streaming;

/// <summary>Which of the events that an agent keeps are shown.</summary>
internal sealed class HistoryFlags
{
    private readonly Option<ulong> _last = Parsed<ulong>("--last", "With --server: begin with so many of the latest events", "N", ParseCount);
    private readonly Option<DateTime?> _since = Parsed<DateTime?>("--since", "With --server: begin at a time, 2026-08-21T10:46:34Z, or so long ago: 10m", "TIME", text => ParseTime(text));
    private readonly Option<DateTime?> _until = Parsed<DateTime?>("--until", "With --server: end at a time, as --since", "TIME", text => ParseTime(text));
    private readonly Option<bool> _noFollow = new("--no-follow") { Description = "With --server: end when the events are through that the agent keeps" };

    public void AddTo(Command command)
    {
        command.Options.Add(_last);
        command.Options.Add(_since);
        command.Options.Add(_until);
        command.Options.Add(_noFollow);
    }

    public bool Any(ParseResult result) =>
        result.GetValue(_last) > 0 || result.GetValue(_since) is not null || result.GetValue(_until) is not null || result.GetValue(_noFollow);

    public void Read(ParseResult result, StreamEventsRequest request)
    {
        request.Last = result.GetValue(_last);
        request.Since = result.GetValue(_since) is { } since ? Timestamp.FromDateTime(since) : null;
        request.Until = result.GetValue(_until) is { } until ? Timestamp.FromDateTime(until) : null;
        request.NoFollow = result.GetValue(_noFollow);
    }

    /// <summary>A time without a zone would be another one elsewhere.</summary>
    private static DateTime ParseTime(string text)
    {
        if (!text.Contains('T', StringComparison.Ordinal))
            return DateTime.UtcNow - DurationText.Parse(text);
        bool hasZone = text.EndsWith('Z') || text.LastIndexOfAny(['+', '-']) > text.IndexOf('T', StringComparison.Ordinal);
        return hasZone && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset time)
            ? time.UtcDateTime
            : throw new FormatException($"bad time '{text}': it is as 2026-08-21T10:46:34Z, zone included, or so long ago, as 10m");
    }
}
