namespace KaTrace.Cli.Listing;

/// <summary>What fingers type after ss and netstat: <c>katrace list -tnpo</c>. There <c>-p</c> asks for processes, <c>-t</c> for TCP and
/// <c>-o</c> for timers, all of which the table shows anyway; here <c>-p PID</c> and <c>-o FORMAT</c> take a value.</summary>
internal static class SsFlags
{
    private const string Switches = "alnrtH46";
    private const string Shown = "po";

    public static string[] Rewrite(string[] args)
    {
        if (args is not ["list", ..])
            return args;
        List<string> rewritten = new(args.Length);
        for (int i = 0; i < args.Length; i++)
        {
            if (args[i] == "--")
            {
                rewritten.AddRange(args.AsSpan(i));
                break;
            }

            bool isColumn = i > 0 && args[i - 1] == "--sort"; // -lport
            if (isColumn || !IsBundle(args[i], HasValue(args, i)))
            {
                rewritten.Add(args[i]);
                continue;
            }

            rewritten.AddRange(args[i].Skip(1).Where(letter => !Shown.Contains(letter, StringComparison.Ordinal)).Select(letter => $"-{letter}"));
        }

        return [.. rewritten];
    }

    /// <summary>Letters alone: the last one may still be ours, with the value that follows.</summary>
    private static bool IsBundle(string argument, bool hasValue)
    {
        if (argument.Length < 2 || argument[0] != '-' || argument[1..].Any(letter => !(Switches + Shown).Contains(letter, StringComparison.Ordinal)))
            return false;
        return !hasValue || !Shown.Contains(argument[^1], StringComparison.Ordinal);
    }

    private static bool HasValue(string[] args, int at)
    {
        if (at + 1 == args.Length)
            return false;
        string next = args[at + 1];
        return args[at][^1] switch
        {
            'p' => next.Length > 0 && char.IsAsciiDigit(next[0]),
            'o' => next is "table" or "wide" or "json" or "csv",
            _ => false,
        };
    }
}
