using KaTrace.Knobs;
using KaTrace.Output;
using KaTrace.Sockets;

namespace KaTrace.Audit.Rules;

/// <summary>A peer that is gone would never be noticed. One on this host cannot vanish without a word: its kernel is ours.</summary>
internal sealed class SilentWithoutKeepalive : SocketRule
{
    public override string Id => "silent-without-keepalive";

    public override Severity Severity => Severity.Warning;

    public override string Summary => "a connection without keepalive whose peer has long been silent";

    protected override bool Fits(in SocketRow row, AuditScope scope) =>
        !row.KeepaliveOn && row.IsConnected && row.Peer < 0 && (row.Flags & (SocketFlags.Silent | SocketFlags.Orphan | SocketFlags.Kernel)) == SocketFlags.Silent
        && scope.Time(row.Silent) >= scope.Limits.Silent;

    protected override string Sentence(RowGroup group, AuditScope scope) =>
        $"{Connections(group)} without keepalive, silent for up to {TimeText.Of(scope.Time(group.Max((in row) => row.Silent)))}: if the peer is gone, nothing will ever tell.";

    protected override string Remedy(RowGroup group, AuditScope scope) =>
        scope.Remedy(in group.First, KnobEffect.On);
}
