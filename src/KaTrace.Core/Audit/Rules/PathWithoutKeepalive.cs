using KaTrace.Knobs;
using KaTrace.Sockets;

namespace KaTrace.Audit.Rules;

/// <summary>Nothing keeps the path from forgetting the connection.</summary>
internal sealed class PathWithoutKeepalive : SocketRule
{
    public override string Id => "path-without-keepalive";

    public override Severity Severity => Severity.Warning;

    public override string Summary => "a connection without keepalive over a path that forgets silent ones (--path-timeout)";

    protected override bool Fits(in SocketRow row, AuditScope scope) =>
        row is { KeepaliveOn: false, IsConnected: true } && (row.Flags & SocketFlags.Orphan) == 0 && scope.PathOf(in row) is { KeepaliveExtends: true };

    protected override string Detail(in SocketRow row, AuditScope scope) => scope.PathOf(in row)!.Name;

    protected override Severity SeverityOf(RowGroup group, AuditScope scope) => Lost(group, scope) > 0 ? Severity.Critical : Severity;

    private static int Lost(RowGroup group, AuditScope scope)
    {
        int lost = 0;
        foreach (int index in group.Indices)
        {
            ref readonly SocketRow row = ref scope.Table.Rows[index];
            if ((row.Flags & SocketFlags.Silent) != 0 && scope.Time(row.Silent) >= scope.PathOf(in row)!.Timeout)
                lost++;
        }

        return lost;
    }

    private static string Forgotten(RowGroup group, AuditScope scope) =>
        Lost(group, scope) is var lost and > 0 ? $"; {lost:N0} of them {(lost == 1 ? "has" : "have")} been silent for longer, and may be forgotten already" : "";

    protected override string Sentence(RowGroup group, AuditScope scope) =>
        $"{Connections(group)} without keepalive over a path that forgets after {PathText.Of(scope.PathOf(in group.First)!)}{Forgotten(group, scope)}.";

    protected override string Remedy(RowGroup group, AuditScope scope) =>
        scope.Remedy(in group.First, KnobEffect.On);
}
