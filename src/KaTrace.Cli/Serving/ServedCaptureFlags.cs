using System.CommandLine;
using System.CommandLine.Parsing;
using KaTrace.Cli.Replaying;
using KaTrace.Filters;
using static KaTrace.Cli.ParsedOption;

namespace KaTrace.Cli.Serving;

/// <summary>The flags of <c>katrace serve</c> that are about a capture.</summary>
internal sealed class ServedCaptureFlags
{
    private readonly Option<string[]> _paths = new("--replay") { Description = "Serve captures of 'katrace record' as if it happened now, without a right and without this kernel; - is standard input", HelpName = "FILE", Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = true };
    private readonly Option<double?> _speed = Parsed<double?>("--speed", "With --replay: 1x is as fast as it happened, unless told otherwise; 10x ten times that, max as fast as it can be read", "NUMBERx", text => ReplayFlags.ParseSpeed(text) ?? double.PositiveInfinity);
    private readonly Option<CaptureTime?> _from = ReplayFlags.From();
    private readonly Option<CaptureTime?> _until = ReplayFlags.Until();
    private readonly Option<bool> _exitAtEnd = new("--exit-at-end") { Description = "With --replay: end the streams behind the last event, and then the agent; without, it goes on serving what it keeps" };

    /// <param name="command">Gets the flags.</param>
    /// <param name="tracing">Those that are about this kernel.</param>
    public void AddTo(Command command, IEnumerable<Option> tracing)
    {
        Option[] ofCaptures = [_speed, _from, _until, _exitAtEnd];
        _from.Description = $"With --replay: {Lower(_from.Description!)}";
        _until.Description = $"With --replay: {Lower(_until.Description!)}";
        command.Options.Add(_paths);
        foreach (Option option in ofCaptures)
            command.Options.Add(option);
        command.Validators.Add(result =>
        {
            bool replays = IsGiven(result, _paths);
            if ((replays ? tracing : ofCaptures).FirstOrDefault(option => IsGiven(result, option)) is { } wrong)
                result.AddError(replays ? $"{wrong.Name}: with --replay nothing is traced" : $"{wrong.Name}: it is about captures, and needs --replay");
        });
    }

    /// <summary>Null: this kernel is to be traced.</summary>
    public ReplayOptions? Read(ParseResult result, EventFilter filter) => result.GetValue(_paths) is not { Length: > 0 } paths ? null : new()
    {
        Paths = paths,
        Filter = filter,
        From = result.GetValue(_from),
        Until = result.GetValue(_until),
        Speed = result.GetValue(_speed) is var speed && speed == double.PositiveInfinity ? null : speed ?? 1,
    };

    public bool ExitsAtEnd(ParseResult result) => result.GetValue(_exitAtEnd);

    private static bool IsGiven(CommandResult command, Option option) => command.GetResult(option) is { Implicit: false };

    private static string Lower(string sentence) => char.ToLowerInvariant(sentence[0]) + sentence[1..];
}
