using System.CommandLine;

namespace KaTrace.Cli.Replaying;

/// <summary>The captures that a command reads.</summary>
internal static class CaptureArgument
{
    public static Argument<string[]> Create(string help)
    {
        Argument<string[]> paths = new("FILE") { Description = help, Arity = ArgumentArity.OneOrMore };
        // Whatever is no option comes here, misspelt ones too.
        paths.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(token => token.Value is ['-', _, ..]) is { } option)
                result.AddError($"there is no option '{option.Value}'");
        });
        return paths;
    }
}
