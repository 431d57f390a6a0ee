using KaTrace.Knobs;
using KaTrace.Output;
using KaTrace.Sockets;
using KaTrace.Timing;

namespace KaTrace.Audit.Rules;

/// <summary>The default of two hours is what RFC 1122 asks for, so this is a matter of what the operator wants.</summary>
internal sealed class SlowDetection : SocketRule
{
    public override string Id => "slow-detection";

    public override Severity Severity => Severity.Info;

    public override string Summary => "keepalive is on, but takes long to notice a dead peer";

    protected override bool Fits(in SocketRow row, AuditScope scope) =>
        row is { KeepaliveOn: true, IsConnected: true, Peer: < 0 } && DeadPeer.Of(in row, scope.Table.Clock).After > scope.Limits.Detection;

    protected override string Detail(in SocketRow row, AuditScope scope) => SettingsOf(in row, scope);

    private static string SettingsOf(in SocketRow row, AuditScope scope) => row.UserTimeout == 0
        ? $"idle {TimeText.Seconds(scope.Time(row.Idle))} + {row.Cnt} × {TimeText.Seconds(scope.Time(row.Intvl))}"
        : $"user timeout {TimeText.Seconds(TimeSpan.FromMilliseconds(row.UserTimeout))}";

    protected override string Sentence(RowGroup group, AuditScope scope) =>
        $"{Connections(group)} {(group.Count == 1 ? "notices" : "notice")} a dead peer only after {TimeText.Of(DeadPeer.Of(in group.First, scope.Table.Clock).After)}: {SettingsOf(in group.First, scope)}.";

    protected override string Remedy(RowGroup group, AuditScope scope) =>
        scope.Remedy(in group.First, KnobEffect.Idle);
}
