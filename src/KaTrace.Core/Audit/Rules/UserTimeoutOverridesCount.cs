using KaTrace.Output;
using KaTrace.Sockets;
using KaTrace.Timing;

namespace KaTrace.Audit.Rules;

/// <summary>As tcp_keepalive_timer has it: with a user timeout the probes are not counted.</summary>
internal sealed class UserTimeoutOverridesCount : SocketRule
{
    public override string Id => "user-timeout-overrides-count";

    public override Severity Severity => Severity.Info;

    public override string Summary => "TCP_USER_TIMEOUT decides when keepalive gives up: the count is ignored";

    protected override bool Fits(in SocketRow row, AuditScope scope) =>
        row is { KeepaliveOn: true, IsConnected: true, UserTimeout: > 0 } && DeadPeer.Of(in row, scope.Table.Clock).After != WithoutUserTimeout(in row, scope);

    protected override string Detail(in SocketRow row, AuditScope scope) => $"{row.Idle} {row.Intvl} {row.Cnt} {row.UserTimeout}";

    private static TimeSpan WithoutUserTimeout(in SocketRow row, AuditScope scope)
    {
        SocketRow without = row;
        without.UserTimeout = 0;
        return DeadPeer.Of(in without, scope.Table.Clock).After;
    }

    protected override string Sentence(RowGroup group, AuditScope scope) =>
        $"{Connections(group)} {(group.Count == 1 ? "gives" : "give")} up after {TimeText.Of(DeadPeer.Of(in group.First, scope.Table.Clock).After)}, by the user timeout of {TimeText.Seconds(TimeSpan.FromMilliseconds(group.First.UserTimeout))}, not after {TimeText.Of(WithoutUserTimeout(in group.First, scope))} by idle + {group.First.Cnt} × interval.";

    protected override string Remedy(RowGroup group, AuditScope scope) =>
        "let TCP_USER_TIMEOUT be idle + count × interval, as then both say the same, or leave one out.";
}
