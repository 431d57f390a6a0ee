using KaTrace.Knobs;
using KaTrace.Output;
using KaTrace.Sockets;

namespace KaTrace.Audit;

/// <summary>A rule that looks at sockets one by one, and tells of all of a program at one port together.</summary>
internal abstract class SocketRule : AuditRule
{
    private const int MaxExamples = 3;

    public override IEnumerable<Finding> Look(AuditScope scope)
    {
        Dictionary<RowGroupKey, RowGroup> before = scope.AsBefore is { } then ? Group(then) : [];
        foreach (RowGroup group in Group(scope).Values)
        {
            group.Before = scope.Before is null ? null : before.GetValueOrDefault(group.Key)?.Count ?? 0;
            if (IsEnough(group, scope))
                yield return Tell(group, scope);
        }
    }

    /// <summary>Whether the rule speaks of this socket.</summary>
    protected abstract bool Fits(in SocketRow row, AuditScope scope);

    /// <summary>What tells findings apart beside program and port.</summary>
    protected virtual string Detail(in SocketRow row, AuditScope scope) => "";

    /// <summary>Whether there are enough of them to speak up.</summary>
    protected virtual bool IsEnough(RowGroup group, AuditScope scope) => true;

    protected virtual Severity SeverityOf(RowGroup group, AuditScope scope) => Severity;

    protected abstract string Sentence(RowGroup group, AuditScope scope);

    protected abstract string Remedy(RowGroup group, AuditScope scope);

    /// <summary>"12 connections of redis-server"; one is told as one.</summary>
    protected static string Connections(RowGroup group) => CountText.Of(group.Count, "connection");

    /// <summary>"7200 s", or "15 to 7200 s" where they differ.</summary>
    protected static string Seconds(RowGroup group, RowGroup.Measure jiffies, AuditScope scope)
    {
        (TimeSpan min, TimeSpan max) = (scope.Time(group.Min(jiffies)), scope.Time(group.Max(jiffies)));
        return min == max ? TimeText.Seconds(max) : $"{TimeText.Seconds(min)[..^2]} to {TimeText.Seconds(max)}";
    }

    private Dictionary<RowGroupKey, RowGroup> Group(AuditScope scope)
    {
        Dictionary<RowGroupKey, RowGroup> groups = [];
        ReadOnlySpan<SocketRow> rows = scope.Table.Rows;
        for (int i = 0; i < rows.Length; i++)
        {
            ref readonly SocketRow row = ref rows[i];
            if (!Fits(in row, scope))
                continue;
            ConnectionSide side = ConnectionSides.Of(in row);
            RowGroupKey key = new(scope.ProgramOf(in row), side, side == ConnectionSide.Accepted ? row.Lport : row.Rport, Detail(in row, scope));
            if (!groups.TryGetValue(key, out RowGroup? group))
                groups.Add(key, group = new RowGroup(key, scope.Table));
            group.Add(i);
        }

        return groups;
    }

    private Finding Tell(RowGroup group, AuditScope scope) => new()
    {
        Rule = Id,
        Severity = SeverityOf(group, scope),
        Program = group.Key.Program,
        Pids = group.Pids(),
        Side = group.Key.Side,
        Port = group.Key.Port,
        Count = group.Count,
        Growth = group.Count - group.Before,
        Sentence = Sentence(group, scope),
        Remedy = Remedy(group, scope),
        Examples = [.. group.Indices.Take(MaxExamples)],
    };
}
