using KaTrace.Knobs;
using KaTrace.Output;
using KaTrace.Sockets;
using KaTrace.Timing;

namespace KaTrace.Audit.Rules;

/// <summary>It wakes radios and fills logs; and where answers are late it ends connections that live.</summary>
internal sealed class OverEager : SocketRule
{
    public override string Id => "over-eager";

    public override Severity Severity => Severity.Info;

    public override string Summary => "probes so often that they cost more than they tell";

    protected override bool Fits(in SocketRow row, AuditScope scope) =>
        row is { KeepaliveOn: true, IsConnected: true } && scope.Time(row.Idle) < scope.Limits.Eager;

    protected override string Sentence(RowGroup group, AuditScope scope) =>
        $"{Connections(group)} {(group.Count == 1 ? "probes" : "probe")} after {Seconds(group, (in row) => row.Idle, scope)} of silence, and {(group.Count == 1 ? "gives" : "give")} up after {TimeText.Of(DeadPeer.Of(in group.First, scope.Table.Clock).After)}: one lost link of that length ends them.";

    protected override string Remedy(RowGroup group, AuditScope scope) =>
        $"an idle time of {TimeText.Seconds(scope.Limits.Eager)} or more, unless it is meant. {scope.Remedy(in group.First, KnobEffect.Idle)}";
}
