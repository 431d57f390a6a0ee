using KaTrace.Cli.Agents;
using KaTrace.Events;
using KaTrace.Explaining;
using KaTrace.Hosts;
using KaTrace.Output;
using KaTrace.Sockets;

namespace KaTrace.Cli.Explaining;

/// <summary>One run of <c>katrace explain</c>.</summary>
internal static class ExplainSession
{
    /// <summary>More are no help in choosing.</summary>
    private const int MostListed = 20;

    private const int MostEvents = 10;

    /// <param name="source">Where the socket is.</param>
    /// <param name="target">Which it is.</param>
    /// <param name="json">JSON Lines, instead of text.</param>
    /// <param name="history">Of the same host; null: there is none.</param>
    public static int Run(IHostSource source, ExplainTarget target, bool json, IEventHistory? history)
    {
        IHostLook look = source.Look(programs: true);
        SocketTable table = look.Table;
        TargetMatch match = target.Find(table);
        Gaps.Tell(table);
        if (match.Rows.Count == 0)
        {
            Console.Error.WriteLine($"katrace: no TCP socket has or holds '{target.Text}': 'katrace list -a' shows all");
            return ExitCodes.Failure;
        }

        foreach (string choice in target.Choices(match))
            Console.Error.WriteLine($"katrace: {choice}");

        HostView host = new() { Table = table, Settings = look.ReadSettings(), Programs = look.ReadPrograms(Involved(table, match.Rows)) };
        using StandardOutput output = new();
        if (json)
        {
            if (history is not null && match.Rows.Count > MostListed)
                Console.Error.WriteLine($"katrace: events are told of {MostListed} sockets at most: name fewer");
            foreach (int index in match.Rows)
            {
                KeptEvents? kept = match.Rows.Count > MostListed ? null : history?.Last(in table.Rows[index], MostEvents);
                ExplanationJson.Write(output, in table.Rows[index], host, kept);
                output.FlushIfLarge();
            }
        }
        else
        {
            byte[] text = (match.Rows.Count == 1 ? Explain(match.Rows[0], host, history) : Choose(target, match, host)).ToUtf8();
            text.CopyTo(output.GetSpan(text.Length));
            output.Advance(text.Length);
        }

        output.Flush();
        return ExitCodes.Ok;
    }

    private static WrappedText Explain(int index, HostView host, IEventHistory? history)
    {
        WrappedText text = new(TerminalWidth.OfOutput);
        ref readonly SocketRow row = ref host.Table.Rows[index];
        ExplanationText.Append(text, in row, host, history?.Last(in row, MostEvents));
        return text;
    }

    private static WrappedText Choose(ExplainTarget target, TargetMatch match, HostView host)
    {
        // A listener stands for what comes in by it.
        int[] rows = [.. match.Rows.OrderByDescending(index => host.Table.Rows[index].State == TcpState.Listen)];
        WrappedText text = new(width: 0);
        text.Append("", $"{Counts(rows, host.Table)} are of {match.Kind.ToString().ToLowerInvariant()} {target.Name}; name one of them, such as 'katrace explain {ExplanationText.Handle(in host.Table.Rows[rows[0]])}':");
        foreach (int index in rows.Take(MostListed))
            text.Append("", ExplanationText.Line(in host.Table.Rows[index], host));
        if (rows.Length > MostListed)
            text.Append("", $"  and {rows.Length - MostListed:N0} more: 'katrace list' shows all, 'katrace audit' judges them together");
        return text;
    }

    private static string Counts(int[] rows, SocketTable table)
    {
        int connections = rows.Count(index => table.Rows[index].IsConnected), off = rows.Count(index => table.Rows[index] is { IsConnected: true, KeepaliveOn: false });
        return $"{CountText.Of(rows.Length, "socket")} ({CountText.Of(connections, "connection")}, {off:N0} without keepalive)";
    }

    /// <summary>Those that an explanation names: who holds the sockets, and who holds their other sides.</summary>
    private static SocketProcess[] Involved(SocketTable table, IReadOnlyList<int> rows)
    {
        HashSet<SocketProcess> processes = [];
        foreach (int index in rows)
        {
            Add(in table.Rows[index]);
            if (table.Rows[index].Peer >= 0)
                Add(in table.Rows[table.Rows[index].Peer]);
        }

        return [.. processes];

        void Add(in SocketRow row)
        {
            foreach (ref readonly SocketHolder holder in table.HoldersOf(in row))
                processes.Add(table.Processes[holder.Process]);
        }
    }
}
