using KaTrace.Knobs;
using KaTrace.Sockets;

namespace KaTrace.Audit.Rules;

/// <summary>Told at the side that is off: only it would not notice.</summary>
internal sealed class OneSideOnly : SocketRule
{
    public override string Id => "one-side-only";

    public override Severity Severity => Severity.Info;

    public override string Summary => "both sides are on this host, and only one of them has keepalive";

    protected override bool Fits(in SocketRow row, AuditScope scope) =>
        row is { KeepaliveOn: false, IsConnected: true, Peer: >= 0 } && scope.Table.Rows[row.Peer].KeepaliveOn;

    protected override string Detail(in SocketRow row, AuditScope scope) => scope.ProgramOf(in scope.Table.Rows[row.Peer]);

    protected override string Sentence(RowGroup group, AuditScope scope) =>
        $"{Connections(group)} with keepalive off on this side, and on at the other ({scope.ProgramOf(in scope.Table.Rows[group.First.Peer])}): only that one notices a peer that is gone.";

    protected override string Remedy(RowGroup group, AuditScope scope) =>
        scope.Remedy(in group.First, KnobEffect.On);
}
