using System.CommandLine;
using System.Globalization;

namespace KaTrace.Cli;

/// <summary>Options whose values are read by a function that throws <see cref="FormatException"/> with a sentence.</summary>
internal static class ParsedOption
{
    /// <param name="name">Dashes included.</param>
    /// <param name="help">For the help text.</param>
    /// <param name="placeholder">What the value is called there.</param>
    /// <param name="parse">Reads it.</param>
    /// <param name="standard">The value where there is none.</param>
    public static Option<T> Create<T>(string name, string help, string placeholder, Func<string, T> parse, T? standard = default) =>
        new(name)
        {
            Description = help,
            HelpName = placeholder,
            DefaultValueFactory = _ => standard!,
            CustomParser = argument =>
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
            },
        };

    /// <summary>A number of things.</summary>
    public static ulong ParseCount(string text) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) && value > 0
            ? value
            : throw new FormatException($"bad number '{text}': it is 1 or more");

    /// <summary>"100000", "64K", "8M", "2G".</summary>
    public static long ParseSize(string text)
    {
        (string digits, int shift) = text.ToUpperInvariant() switch
        {
            [.. var number, 'K'] => (number, 10),
            [.. var number, 'M'] => (number, 20),
            [.. var number, 'G'] => (number, 30),
            var number => (number, 0),
        };
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long value) && value > 0 && value <= long.MaxValue >> shift
            ? value << shift
            : throw new FormatException($"bad size '{text}': it is a number of bytes, such as 100000, 64K, 8M or 2G");
    }
}
