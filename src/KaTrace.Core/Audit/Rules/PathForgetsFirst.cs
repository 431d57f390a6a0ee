using KaTrace.Knobs;
using KaTrace.Output;
using KaTrace.Sockets;

namespace KaTrace.Audit.Rules;

/// <summary>The path has forgotten the connection by the time of the first probe.</summary>
internal sealed class PathForgetsFirst : SocketRule
{
    public override string Id => "path-forgets-first";

    public override Severity Severity => Severity.Critical;

    public override string Summary => "keepalive is on, but the first probe comes later than the path (--path-timeout) forgets the connection";

    protected override bool Fits(in SocketRow row, AuditScope scope) =>
        row.KeepaliveOn && row.IsConnected && scope.PathOf(in row) is { KeepaliveExtends: true } path && scope.Time(row.Idle) >= path.Timeout;

    protected override string Detail(in SocketRow row, AuditScope scope) => scope.PathOf(in row)!.Name;

    protected override string Sentence(RowGroup group, AuditScope scope) =>
        $"first probe of {Connections(group)} after {Seconds(group, (in row) => row.Idle, scope)} of silence, but the path forgets after {PathText.Of(scope.PathOf(in group.First)!)}.";

    protected override string Remedy(RowGroup group, AuditScope scope) =>
        $"an idle time well below {TimeText.Seconds(scope.PathOf(in group.First)!.Timeout)}. {scope.Remedy(in group.First, KnobEffect.Idle)}";
}
