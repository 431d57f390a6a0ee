using System.CommandLine;
using System.CommandLine.Parsing;

namespace KaTrace.Cli;

/// <summary>Options whose value is more than text: what is wrong with it is one sentence behind the name of the flag.</summary>
internal static class ParsedOption
{
    public static Option<T> Parsed<T>(string name, string help, string placeholder, Func<string, T> parse, T? standard = default) =>
        new(name)
        {
            Description = help,
            HelpName = placeholder,
            DefaultValueFactory = _ => standard!,
            CustomParser = argument => Try(name, argument, parse, standard),
        };

    /// <summary>May be repeated.</summary>
    public static Option<T[]> ParsedList<T>(string name, string help, string placeholder, Func<string, IEnumerable<T>> parse) =>
        new(name)
        {
            Description = help,
            HelpName = placeholder,
            Arity = ArgumentArity.OneOrMore,
            DefaultValueFactory = _ => [],
            CustomParser = argument => Try(name, argument, _ => argument.Tokens.SelectMany(token => parse(token.Value)).ToArray(), []),
        };

    private static T? Try<T>(string name, ArgumentResult argument, Func<string, T> parse, T? standard)
    {
        try
        {
            return parse(argument.Tokens[0].Value);
        }
        catch (FormatException e)
        {
            argument.AddError($"{name}: {e.Message}");
            return standard;
        }
    }
}
