namespace KaTrace.Cli.Filters;

/// <summary>Turns <c>--not --port 80</c> into <c>--not-port 80</c> before parsing: System.CommandLine keeps values but not
/// the order of options, and <c>--not</c> speaks of the next flag alone.</summary>
internal sealed class NotRewriter(IReadOnlyList<FilterFlag> flags)
{
    public const string Not = "--not";

    /// <summary>A <c>--not</c> that no filter flag follows is left, as the option of that name reports it.</summary>
    public string[] Rewrite(string[] args)
    {
        List<string> rewritten = new(args.Length);
        int i = 0;
        for (; i < args.Length && args[i] != "--"; i++)
        {
            if (args[i] == Not && i + 1 < args.Length && TryNegate(args[i + 1], rewritten))
                i++;
            else
                rewritten.Add(args[i]);
        }

        // What follows "--" is not ours.
        rewritten.AddRange(args.AsSpan(i));
        return [.. rewritten];
    }

    private bool TryNegate(string argument, List<string> rewritten)
    {
        foreach (FilterFlag flag in flags)
        {
            foreach (string name in flag.Names)
            {
                if (!argument.StartsWith(name, StringComparison.Ordinal))
                    continue;
                string rest = argument[name.Length..];
                bool isShort = !name.StartsWith("--", StringComparison.Ordinal);
                if (rest.Length == 0 || (flag.TakesValue && rest[0] is '=' or ':'))
                    rewritten.Add(flag.DenyName + rest);
                else if (flag.TakesValue && isShort)
                    rewritten.AddRange(flag.DenyName, rest); // -p5
                else
                    continue;
                return true;
            }
        }

        return false;
    }
}
