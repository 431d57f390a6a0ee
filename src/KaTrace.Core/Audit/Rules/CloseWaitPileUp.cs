using KaTrace.Events;
using KaTrace.Sockets;

namespace KaTrace.Audit.Rules;

/// <summary>The program has to close: keepalive ends only those whose peer is gone as well.</summary>
internal sealed class CloseWaitPileUp : SocketRule
{
    public override string Id => "close-wait-pile-up";

    public override Severity Severity => Severity.Warning;

    public override string Summary => "the peers have closed, and the program has not: CLOSE_WAIT piles up";

    protected override bool Fits(in SocketRow row, AuditScope scope) =>
        row is { State: TcpState.CloseWait, HolderCount: > 0 };

    protected override bool IsEnough(RowGroup group, AuditScope scope) => group.Count >= scope.Limits.CloseWait;

    protected override string Sentence(RowGroup group, AuditScope scope) =>
        $"{Connections(group)} in CLOSE_WAIT: the peer has closed, the program has not, and each keeps its descriptor.";

    protected override string Remedy(RowGroup group, AuditScope scope) =>
        "mend the program: it must close when read returns 0. Keepalive is no cure for it.";
}
