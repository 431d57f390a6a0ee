using System.CommandLine;
using System.Globalization;
using KaTrace.Cli.Filters;
using KaTrace.Filters;
using static KaTrace.Cli.ParsedOption;

namespace KaTrace.Cli.Replaying;

/// <summary>The flags of commands that read captures.</summary>
internal sealed class ReplayFlags
{
    private readonly Argument<string[]> _paths = CaptureArgument.Create("Captures, for instance all files of a rotation; - is standard input");
    private readonly Option<ulong?> _count = Parsed<ulong?>("--count", "Stop after so many events", "N", text => ParseCount(text));
    private readonly Option<CaptureTime?> _from = From();
    private readonly Option<CaptureTime?> _until = Until();
    private readonly Option<double?> _speed = Parsed("--speed", "Honour the original timing: 1x, or 10x as fast; without, or max, as fast as it can be read", "NUMBERx", ParseSpeed);

    public FilterOptions Filters { get; } = new();

    public void AddTo(Command command, bool timed)
    {
        command.Arguments.Add(_paths);
        Filters.AddTo(command);
        command.Options.Add(_count);
        command.Options.Add(_from);
        command.Options.Add(_until);
        if (timed)
            command.Options.Add(_speed);
    }

    public ReplayOptions Read(ParseResult result) => new()
    {
        Paths = result.GetValue(_paths)!,
        Filter = EventFilter.Compile(Filters.Read(result)),
        Count = result.GetValue(_count),
        From = result.GetValue(_from),
        Until = result.GetValue(_until),
        Speed = result.CommandResult.Command.Options.Contains(_speed) ? result.GetValue(_speed) : null,
    };

    public static Option<CaptureTime?> From() =>
        Parsed<CaptureTime?>("--from", "From this time on: 2026-08-21T10:46:34Z, or 1m30s after the capture began", "TIME", text => CaptureTime.Parse(text));

    public static Option<CaptureTime?> Until() =>
        Parsed<CaptureTime?>("--until", "Before this time, written likewise", "TIME", text => CaptureTime.Parse(text));

    /// <returns>Null: as fast as it can be read.</returns>
    public static double? ParseSpeed(string text) => text == "max" ? null
        : text.EndsWith('x') && double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double speed) && speed is > 0 and <= 1_000_000
            ? speed
            : throw new FormatException($"bad speed '{text}': write it like 1x, 10x, 0.5x or max");
}
