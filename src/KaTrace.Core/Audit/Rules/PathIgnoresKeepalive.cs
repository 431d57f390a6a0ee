using KaTrace.Sockets;

namespace KaTrace.Audit.Rules;

/// <summary>Only data helps there.</summary>
internal sealed class PathIgnoresKeepalive : SocketRule
{
    public override string Id => "path-ignores-keepalive";

    public override Severity Severity => Severity.Info;

    public override string Summary => "a path (--path-timeout) that ends silent connections although probes are answered";

    protected override bool Fits(in SocketRow row, AuditScope scope) =>
        row.IsConnected && scope.PathOf(in row) is { KeepaliveExtends: false };

    protected override string Detail(in SocketRow row, AuditScope scope) => scope.PathOf(in row)!.Name;

    protected override string Sentence(RowGroup group, AuditScope scope) =>
        $"{Connections(group)} over a path where TCP keepalive does not count: {PathText.Of(scope.PathOf(in group.First)!)}.";

    protected override string Remedy(RowGroup group, AuditScope scope) =>
        "let the program send data of its own more often than that: a ping of its protocol.";
}
