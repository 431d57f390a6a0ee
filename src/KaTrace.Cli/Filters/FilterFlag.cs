using System.CommandLine;
using System.CommandLine.Parsing;
using KaTrace.Filters;
using KaTrace.V1;

namespace KaTrace.Cli.Filters;

/// <summary>One filter flag and its negation: an option that people see, and a hidden one that <c>--not</c> becomes.</summary>
internal sealed class FilterFlag
{
    private readonly Action<Filter, string> _add;
    private readonly Option _allow;
    private readonly Option _deny;

    private FilterFlag(Option allow, Option deny, bool takesValue, Action<Filter, string> add)
    {
        _allow = allow;
        _deny = deny;
        _add = add;
        TakesValue = takesValue;
        Names = [allow.Name, .. allow.Aliases];
        _deny.Hidden = true;
        _allow.Validators.Add(result => Check(result, allow.Name));
        _deny.Validators.Add(result => Check(result, $"--not {allow.Name}"));
    }

    /// <summary>All that may stand on the command line, dashes included.</summary>
    public IReadOnlyList<string> Names { get; }

    public string DenyName => _deny.Name;

    public bool TakesValue { get; }

    /// <param name="name">The long name, dashes included.</param>
    /// <param name="aliases">Other names.</param>
    /// <param name="help">For the help text.</param>
    /// <param name="placeholder">What the value is called there.</param>
    /// <param name="add">Adds a value to a filter, or throws <see cref="FilterException"/> with a sentence about it.</param>
    public static FilterFlag WithValue(
        string name, string[] aliases, string help, string placeholder, Action<Filter, string> add) =>
        new(ValueOption(name, aliases, help, placeholder), ValueOption(Negated(name), [], help, placeholder), true, add);

    public static FilterFlag Switch(string name, string[] aliases, string help, Action<Filter> add) =>
        new(new Option<bool>(name, aliases) { Description = help }, new Option<bool>(Negated(name)), false, (filter, _) => add(filter));

    public void AddTo(Command command)
    {
        command.Options.Add(_allow);
        command.Options.Add(_deny);
    }

    /// <summary>Adds the values given to the one filter of what is shown.</summary>
    public void ReadAllowed(ParseResult result, Filter filter)
    {
        foreach (string value in Values(result.GetResult(_allow)))
            _add(filter, value);
    }

    /// <summary>A filter for each use of the flag behind <c>--not</c>: one may not narrow what another hides.</summary>
    public IEnumerable<Filter> ReadDenied(ParseResult result)
    {
        foreach (string value in Values(result.GetResult(_deny)))
        {
            Filter filter = new();
            _add(filter, value);
            yield return filter;
        }
    }

    private void Check(OptionResult result, string flag)
    {
        Filter scratch = new();
        foreach (string value in Values(result))
        {
            try
            {
                _add(scratch, value);
            }
            catch (FilterException e)
            {
                result.AddError($"{flag}: {e.Message}");
            }
        }
    }

    private IEnumerable<string> Values(OptionResult? result)
    {
        if (result is null or { Implicit: true })
            return [];
        return TakesValue ? result.Tokens.Select(token => token.Value) : result.GetValueOrDefault<bool>() ? [""] : [];
    }

    private static Option<string[]> ValueOption(string name, string[] aliases, string help, string placeholder) =>
        new(name, aliases)
        {
            Description = help,
            HelpName = placeholder,
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = false,
        };

    private static string Negated(string name) => $"--not-{name[2..]}";
}
