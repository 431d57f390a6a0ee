using KaTrace.Events;
using KaTrace.Hosts;
using KaTrace.Knobs;
using KaTrace.Output;
using KaTrace.Sockets;

namespace KaTrace.Audit.Rules;

/// <summary>As of the namespace of the socket, read live: nf_conntrack_tcp_timeout_established, and the TCP timeout of IPVS for what goes to one of its services.</summary>
internal sealed class TrackingForgetsFirst : SocketRule
{
    public override string Id => "tracking-forgets-first";

    public override Severity Severity => Severity.Warning;

    public override string Summary => "this host's own connection tracking or IPVS forgets a connection before its first probe";

    protected override bool Fits(in SocketRow row, AuditScope scope) =>
        row.IsConnected && LimitOf(in row, scope) is { } limit && (row.KeepaliveOn ? scope.Time(row.Idle) >= limit : (row.Flags & SocketFlags.Silent) != 0 && scope.Time(row.Silent) >= limit);

    protected override string Detail(in SocketRow row, AuditScope scope) => $"{Tracker(in row, scope)} {row.KeepaliveOn}";

    private static bool IsService(in SocketRow row, NamespaceSettings settings) =>
        settings.Ipvs is not null && settings.IpvsServices.Contains(EndpointText.Of(EndpointView.Remote(in row)));

    private static string Tracker(in SocketRow row, AuditScope scope) =>
        scope.Settings.Of(row.Netns) is var settings && IsService(in row, settings) && !(settings.Conntrack < settings.Ipvs) ? "IPVS" : "nf_conntrack";

    private static TimeSpan? LimitOf(in SocketRow row, AuditScope scope)
    {
        NamespaceSettings settings = scope.Settings.Of(row.Netns);
        TimeSpan? ipvs = IsService(in row, settings) ? settings.Ipvs : null;
        return settings.Conntrack < ipvs ? settings.Conntrack : ipvs ?? settings.Conntrack;
    }

    protected override string Sentence(RowGroup group, AuditScope scope) =>
        $"{Tracker(in group.First, scope)} of this host forgets a silent connection after {TimeText.Seconds(LimitOf(in group.First, scope)!.Value)}, {(group.First.KeepaliveOn ? $"the first probe of {Connections(group)} comes after {Seconds(group, (in row) => row.Idle, scope)}" : $"{Connections(group)} without keepalive {(group.Count == 1 ? "has" : "have")} been silent for longer")}: where packets are translated, or only known connections pass, it is lost.";

    protected override string Remedy(RowGroup group, AuditScope scope) =>
        scope.Remedy(in group.First, group.First.KeepaliveOn ? KnobEffect.Idle : KnobEffect.On);
}
