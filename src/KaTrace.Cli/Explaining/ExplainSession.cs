using KaTrace.Explaining;
using KaTrace.Hosts;
using KaTrace.Knobs;
using KaTrace.Output;
using KaTrace.Sockets;

namespace KaTrace.Cli.Explaining;

/// <summary>One run of <c>katrace explain</c>.</summary>
internal static class ExplainSession
{
    /// <summary>More are no help in choosing.</summary>
    private const int MostListed = 20;

    public static int Run(ExplainTarget target, bool json)
    {
        using KernelSockets sockets = KernelSockets.Open();
        SocketTable table = sockets.Read();
        TargetMatch match = target.Find(table);
        foreach (string gap in table.Gaps)
            Console.Error.WriteLine($"katrace: {gap}");
        if (match.Rows.Count == 0)
        {
            Console.Error.WriteLine($"katrace: no TCP socket has or holds '{target.Text}': 'katrace list -a' shows all");
            return ExitCodes.Failure;
        }

        foreach (TargetKind other in match.Others)
        {
            string name = other.ToString().ToLowerInvariant();
            Console.Error.WriteLine($"katrace: {target.Text} is taken as a {match.Kind.ToString().ToLowerInvariant()}; it is a {name} as well: {name}:{target.Text}");
        }

        HostView host = new() { Table = table, Settings = HostSettings.Read(), Programs = ProgramLookup.Read(table.Processes) };
        using StandardOutput output = new();
        if (json)
        {
            foreach (int index in match.Rows)
            {
                ExplanationJson.Write(output, in table.Rows[index], host);
                output.FlushIfLarge();
            }
        }
        else
        {
            byte[] text = (match.Rows.Count == 1 ? Explain(match.Rows[0], host) : Choose(target, match, host)).ToUtf8();
            text.CopyTo(output.GetSpan(text.Length));
            output.Advance(text.Length);
        }

        output.Flush();
        return ExitCodes.Ok;
    }

    private static WrappedText Explain(int index, HostView host)
    {
        WrappedText text = new(TerminalWidth.OfOutput);
        ExplanationText.Append(text, in host.Table.Rows[index], host);
        return text;
    }

    private static WrappedText Choose(ExplainTarget target, TargetMatch match, HostView host)
    {
        WrappedText text = new(width: 0);
        text.Append("", $"{match.Rows.Count:N0} sockets are of {match.Kind.ToString().ToLowerInvariant()} {target.Text}; name one of them, such as 'katrace explain {Handle(match, host)}':");
        foreach (int index in match.Rows.Take(MostListed))
            text.Append("", ExplanationText.Line(in host.Table.Rows[index], host));
        if (match.Rows.Count > MostListed)
            text.Append("", $"  and {match.Rows.Count - MostListed:N0} more: 'katrace list' shows all, 'katrace audit' judges them together");
        return text;
    }

    private static string Handle(TargetMatch match, HostView host)
    {
        ref readonly SocketRow first = ref host.Table.Rows[match.Rows[0]];
        return first.Ino != 0 ? $"inode:{first.Ino}" : $"cookie:{first.Cookie}";
    }
}
