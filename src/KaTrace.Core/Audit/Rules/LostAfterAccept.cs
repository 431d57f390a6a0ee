using KaTrace.Sockets;

namespace KaTrace.Audit.Rules;

/// <summary>A child begins with what its listener has: the program turned it off, or turned the listener on too late.</summary>
internal sealed class LostAfterAccept : SocketRule
{
    public override string Id => "lost-after-accept";

    public override Severity Severity => Severity.Warning;

    public override string Summary => "the listener has keepalive on, and a connection that it accepted has it off";

    protected override bool Fits(in SocketRow row, AuditScope scope) =>
        row is { KeepaliveOn: false, IsConnected: true, Listener: >= 0 } && scope.Table.Rows[row.Listener].KeepaliveOn;

    protected override string Sentence(RowGroup group, AuditScope scope) =>
        $"{Connections(group)} without keepalive, though the listener has it on: turned off after accept, or accepted before the listener was turned on.";

    protected override string Remedy(RowGroup group, AuditScope scope) =>
        "look for what the program does after accept, and end the connections from before the listener was changed: they keep what they had.";
}
