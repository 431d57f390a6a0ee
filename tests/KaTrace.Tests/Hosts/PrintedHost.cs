using System.Buffers;
using System.Text;
using KaTrace.Audit;
using KaTrace.Audit.Reports;
using KaTrace.Cli.Listing;
using KaTrace.Explaining;
using KaTrace.Hosts;
using KaTrace.Output;
using KaTrace.Processes;
using KaTrace.Sockets;

namespace KaTrace.Tests.Hosts;

/// <summary>All that <c>list</c>, <c>audit</c> and <c>explain</c> print of a host, in every format.</summary>
internal static class PrintedHost
{
    /// <summary>So that even a small host gives rise to findings.</summary>
    private static readonly AuditLimits Strict = new() { Silent = TimeSpan.FromSeconds(1), Connections = 1, CloseWait = 1, OrphansPercent = 1, DescriptorsPercent = 1 };

    private static readonly PathRule[] Paths = [.. ((string[])["350s", ":6379=aws-nlb", "10.0.0.0/8=cloudflare"]).Select(path => PathRule.Parse(path, new Dictionary<string, TimeSpan>()))];

    public static string Of(IHostLook look) => $"{Listed(look)}\n{Audited(look)}\n{Explained(look)}\n{string.Join('\n', look.Table.Gaps)}";

    private static string Listed(IHostLook look)
    {
        SocketTable table = look.Table;
        ProcessIdentity[] processes = look.ReadPrograms(table.Processes).Identify(table);
        int[] all = [.. Enumerable.Range(0, table.Rows.Length)];
        StringBuilder text = new();
        foreach (bool bare in (bool[])[false, true])
        {
            Cells cells = new(table, processes, bare, names: null);
            ArrayBufferWriter<byte> output = new();
            IRowWriter[] writers = bare
                ? [new CsvWriter(output, Column.All, cells)]
                : [new TableWriter(output, Column.All, cells, table.Rows, all, width: null), new JsonRowWriter(new JsonConnectionWriter(output, table, processes, look.NodeName))];
            foreach (IRowWriter writer in writers)
            {
                writer.WriteHeader();
                foreach (int index in all)
                    writer.Write(in table.Rows[index]);
            }

            text.Append(Encoding.UTF8.GetString(output.WrittenSpan));
        }

        return text.Append(new ListSummary(table, all).Text).ToString();
    }

    /// <summary>As <c>audit -o json</c> prints them.</summary>
    public static string[] FindingLines(IHostLook look)
    {
        AuditScope scope = Scope(look);
        return Lines(json =>
        {
            foreach (Finding finding in Findings(scope))
                FindingJson.Write(json, finding, scope);
        });
    }

    /// <summary>As <c>explain -o json</c> prints them.</summary>
    /// <param name="look">At the host.</param>
    /// <param name="kept">Events of each socket.</param>
    public static string[] ExplanationLines(IHostLook look, KeptEvents? kept = null)
    {
        HostView host = Host(look);
        return Lines(json =>
        {
            foreach (ref readonly SocketRow row in look.Table.Rows)
                ExplanationJson.Write(json, in row, host, kept);
        });
    }

    private static string Audited(IHostLook look)
    {
        Finding[] findings = Findings(Scope(look));
        WrappedText text = new(width: 0);
        foreach (Finding finding in findings)
            FindingText.Append(text, finding, look.Table, (_, word) => word);
        text.Append("", FindingText.Summary(findings, look.Table));
        return $"{Encoding.UTF8.GetString(text.ToUtf8())}{string.Join('\n', FindingLines(look))}";
    }

    private static string Explained(IHostLook look)
    {
        HostView host = Host(look);
        WrappedText text = new(width: 0);
        foreach (ref readonly SocketRow row in look.Table.Rows)
        {
            ExplanationText.Append(text, in row, host);
            text.Append("", ExplanationText.Line(in row, host));
        }

        return $"{Encoding.UTF8.GetString(text.ToUtf8())}{string.Join('\n', ExplanationLines(look))}";
    }

    private static Finding[] Findings(AuditScope scope) => Auditor.Run(AuditRules.All, new Dictionary<string, Severity>(), scope);

    private static AuditScope Scope(IHostLook look) => new()
    {
        Table = look.Table, Limits = Strict, Paths = Paths,
        Settings = look.ReadSettings(), Programs = look.ReadPrograms(look.Table.Processes), Descriptors = look.ReadDescriptors,
    };

    private static HostView Host(IHostLook look) => new() { Table = look.Table, Settings = look.ReadSettings(), Programs = look.ReadPrograms(look.Table.Processes) };

    private static string[] Lines(Action<IBufferWriter<byte>> write)
    {
        ArrayBufferWriter<byte> json = new();
        write(json);
        return Encoding.UTF8.GetString(json.WrittenSpan).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
