using KaTrace.Hosts;
using KaTrace.Knobs;
using KaTrace.Output;
using KaTrace.Sockets;

namespace KaTrace.Audit.Reports;

/// <summary>Findings for people.</summary>
internal static class FindingText
{
    private const string Indent = "    ";

    public static void Append(WrappedText output, Finding finding, SocketTable table, Func<Severity, string, string> paint)
    {
        string severity = finding.Severity.ToString().ToUpperInvariant();
        output.Append("", $"{paint(finding.Severity, severity)} {finding.Rule}: {Where(finding)}");
        output.Append(Indent, HostView.Safe(finding.Sentence));
        output.Append(Indent, Indent.Length + "remedy: ".Length, "remedy: " + HostView.Safe(finding.Remedy));
        string label = finding.Count > finding.Examples.Count ? "such as: " : "that is: ";
        foreach (int index in finding.Examples)
        {
            output.Append(Indent + label, HostView.Ends(in table.Rows[index]));
            label = new string(' ', label.Length);
        }
    }

    /// <summary>"redis-server[520] on :6379", "nginx (4 processes) to :5432".</summary>
    public static string Where(Finding finding)
    {
        string program = HostView.Safe(finding.Program) + finding.Pids.Count switch
        {
            0 => "",
            1 => $"[{finding.Pids[0]}]",
            var many => $" ({many:N0} processes)",
        };
        return finding.Port == 0 ? program : $"{program} {(finding.Side == ConnectionSide.Accepted ? "on" : "to")} :{finding.Port}";
    }

    public static string Summary(IReadOnlyCollection<Finding> findings, SocketTable table)
    {
        string over = $"{CountText.Of(table.Rows.Length, "TCP socket")} of {CountText.Of(table.Processes.Count, "process", "processes")}";
        if (findings.Count == 0)
            return $"no findings over {over}";
        IEnumerable<string> counts = findings.GroupBy(f => f.Severity).OrderByDescending(g => g.Key)
            .Select(g => $"{g.Count():N0} {g.Key.ToString().ToLowerInvariant()}");
        return $"{CountText.Of(findings.Count, "finding")} ({string.Join(", ", counts)}) over {over}";
    }
}
