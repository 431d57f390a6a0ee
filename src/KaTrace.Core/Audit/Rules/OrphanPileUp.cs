using KaTrace.Sockets;

namespace KaTrace.Audit.Rules;

/// <summary>Connections that no process holds any more, and that the kernel still has to end.</summary>
internal sealed class OrphanPileUp : AuditRule
{
    private const int MaxExamples = 3;

    public override string Id => "orphan-pile-up";

    public override Severity Severity => Severity.Warning;

    public override string Summary => "orphans come near tcp_max_orphans, beyond which the kernel resets them";

    public override IEnumerable<Finding> Look(AuditScope scope)
    {
        List<int> orphans = [];
        ReadOnlySpan<SocketRow> rows = scope.Table.Rows;
        for (int i = 0; i < rows.Length; i++)
        {
            if ((rows[i].Flags & SocketFlags.Orphan) != 0)
                orphans.Add(i);
        }

        return orphans.Count * 100L < (long)scope.Settings.MaxOrphans * scope.Limits.OrphansPercent || orphans.Count == 0 ? [] :
        [
            new Finding
            {
                Rule = Id,
                Severity = Severity,
                Program = "orphan",
                Count = orphans.Count,
                Sentence = $"{orphans.Count:N0} orphans of at most {scope.Settings.MaxOrphans:N0} (tcp_max_orphans): their programs are through with them, their peers do not answer.",
                Remedy = "lower net.ipv4.tcp_orphan_retries and net.ipv4.tcp_fin_timeout, or look why so many peers vanish.",
                Examples = [.. orphans.Take(MaxExamples)],
            },
        ];
    }
}
