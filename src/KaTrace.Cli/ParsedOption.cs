using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

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

    /// <summary>One of these words; a shell completes them.</summary>
    public static Option<string> Choice(string name, string help, string placeholder, string? standard, params string[] words)
    {
        Option<string> option = Parsed(name, help, placeholder, Choose, standard);
        option.CompletionSources.Add(words);
        return option;

        string Choose(string text) => words.Contains(text, StringComparer.Ordinal) ? text : throw new FormatException($"bad value '{text}': it is one of {string.Join(", ", words)}");
    }

    /// <summary>A number of things.</summary>
    public static ulong ParseCount(string text) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) && value > 0
            ? value
            : throw new FormatException($"bad number '{text}': it is 1 or more");

    /// <summary>As <see cref="ByteSize"/> reads it.</summary>
    public static long ParseSize(string text) =>
        ByteSize.TryParse(text, out ulong value) && value is > 0 and <= long.MaxValue
            ? (long)value
            : throw new FormatException($"bad size '{text}': it is a number of bytes, such as 100000, 64K, 8M or 2G");

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
