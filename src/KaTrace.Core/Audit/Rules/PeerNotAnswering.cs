using KaTrace.Output;
using KaTrace.Sockets;

namespace KaTrace.Audit.Rules;

/// <summary>One may just be on its way.</summary>
internal sealed class PeerNotAnswering : SocketRule
{
    public override string Id => "peer-not-answering";

    public override Severity Severity => Severity.Warning;

    public override string Summary => "probes are going unanswered right now";

    protected override bool Fits(in SocketRow row, AuditScope scope) =>
        row is { KeepaliveOn: true, IsConnected: true, ProbesOut: > 1, PacketsOut: 0 } && (row.Flags & SocketFlags.OtherTimer) == 0;

    protected override string Sentence(RowGroup group, AuditScope scope) =>
        $"{Connections(group)} with up to {group.Max((in row) => row.ProbesOut)} probes unanswered{Silence(group.Max((in row) => row.Silent), scope)}: the peer or the path is gone.";

    /// <summary>Of a capture it may not be known.</summary>
    private static string Silence(uint jiffies, AuditScope scope) => jiffies == 0 ? "" : $", silent for up to {TimeText.Of(scope.Time(jiffies))}";

    protected override string Remedy(RowGroup group, AuditScope scope) =>
        "look at the peer and the path; keepalive will end these connections by itself.";
}
