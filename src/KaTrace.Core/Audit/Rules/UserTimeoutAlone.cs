using KaTrace.Knobs;
using KaTrace.Output;
using KaTrace.Sockets;

namespace KaTrace.Audit.Rules;

/// <summary>The user timeout does nothing on a connection that is silent.</summary>
internal sealed class UserTimeoutAlone : SocketRule
{
    public override string Id => "user-timeout-alone";

    public override Severity Severity => Severity.Info;

    public override string Summary => "TCP_USER_TIMEOUT is set and keepalive is off: a dead peer is noticed only while data waits for it";

    protected override bool Fits(in SocketRow row, AuditScope scope) =>
        row is { KeepaliveOn: false, IsConnected: true, UserTimeout: > 0 };

    protected override string Sentence(RowGroup group, AuditScope scope) =>
        $"{Connections(group)} with a user timeout of {TimeText.Seconds(TimeSpan.FromMilliseconds(group.Max((in row) => row.UserTimeout)))} and without keepalive: it ends them only if data stays unacknowledged, never in silence.";

    protected override string Remedy(RowGroup group, AuditScope scope) =>
        scope.Remedy(in group.First, KnobEffect.On);
}
