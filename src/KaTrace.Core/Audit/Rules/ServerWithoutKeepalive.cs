using KaTrace.Hosts;
using KaTrace.Knobs;
using KaTrace.Output;
using KaTrace.Sockets;

namespace KaTrace.Audit.Rules;

/// <summary>Each client that vanishes leaves a descriptor behind, until there are none left.</summary>
internal sealed class ServerWithoutKeepalive : SocketRule
{
    public override string Id => "server-without-keepalive";

    public override Severity Severity => Severity.Warning;

    public override string Summary => "a server that holds many connections without keepalive";

    protected override bool Fits(in SocketRow row, AuditScope scope) =>
        !row.KeepaliveOn && row.IsConnected && row.Listener >= 0 && row.HolderCount > 0;

    protected override bool IsEnough(RowGroup group, AuditScope scope) => group.Count >= scope.Limits.Connections;

    private static string Growth(RowGroup group, AuditScope scope) =>
        group.Before is { } before ? $" ({group.Count - before:+#,0;-#,0;no change} in {TimeText.Of(scope.Elapsed)})" : "";

    private static string Descriptors(RowGroup group, AuditScope scope)
    {
        DescriptorUse? fullest = group.Pids().Select(scope.Descriptors).Where(use => use is not null).OrderByDescending(use => use!.Value.Share).FirstOrDefault();
        return fullest is { } use ? $" ({use.Used:N0} of {use.Limit:N0} in use)" : "";
    }

    protected override string Sentence(RowGroup group, AuditScope scope) =>
        $"{Connections(group)} accepted without keepalive{Growth(group, scope)}: each client that vanishes keeps its descriptor for ever{Descriptors(group, scope)}.";

    protected override string Remedy(RowGroup group, AuditScope scope) =>
        scope.Remedy(in group.First, KnobEffect.On);
}
