using System.CommandLine;
using System.CommandLine.Parsing;
using KaTrace.Output;
using static KaTrace.Cli.ParsedOption;

namespace KaTrace.Cli.Printing;

/// <summary>The flags that say how events are printed.</summary>
internal sealed class PrintFlags
{
    private readonly Option<string?> _format;
    private readonly Option<TimeFormat> _time = Parsed("--time-format", $"How times are shown (never in JSON): {string.Join(", ", Enum.GetNames<TimeFormat>())}", "NAME", TimeFormats.Parse, TimeFormat.StampMilli);
    private readonly Option<ColorMode> _color = Parsed("--color", "auto, always or never; NO_COLOR is honoured", "WHEN", ColorModes.Parse, ColorMode.Auto);

    private PrintFlags(Option<string?> format) => _format = format;

    /// <summary>For commands that print: <c>-o</c> is the format.</summary>
    public static PrintFlags OfOutput()
    {
        Option<string?> format = Parsed("--output", "Format of a line: compact, wide or json (JSON Lines; see 'katrace schema')", "FORMAT", ParseFormat, "compact");
        format.Aliases.Add("-o");
        return new PrintFlags(format);
    }

    /// <summary>For commands whose output is a file.</summary>
    public static PrintFlags OfPrint() =>
        new(Parsed("--print", "Print each event too: compact, wide or json", "FORMAT", ParseFormat));

    public void AddTo(Command command)
    {
        command.Options.Add(_format);
        command.Options.Add(_time);
        command.Options.Add(_color);
    }

    /// <summary>Null if nothing is to be printed.</summary>
    public PrintOptions? Read(ParseResult result) =>
        result.GetValue(_format) is { } format ? new PrintOptions(format, result.GetValue(_time), result.GetValue(_color)) : null;

    public bool IsGiven(CommandResult command) => command.GetResult(_format) is { Implicit: false };

    private static string? ParseFormat(string text) =>
        text is "compact" or "wide" or "json" ? text : throw new FormatException($"bad format '{text}': it is compact, wide or json");
}
