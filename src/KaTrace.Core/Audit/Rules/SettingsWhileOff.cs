using KaTrace.Events;
using KaTrace.Knobs;
using KaTrace.Output;
using KaTrace.Sockets;

namespace KaTrace.Audit.Rules;

/// <summary>Somebody meant it to be on.</summary>
internal sealed class SettingsWhileOff : SocketRule
{
    public override string Id => "settings-while-off";

    public override Severity Severity => Severity.Warning;

    public override string Summary => "TCP_KEEPIDLE, TCP_KEEPINTVL or TCP_KEEPCNT are set on a socket whose SO_KEEPALIVE is off";

    protected override bool Fits(in SocketRow row, AuditScope scope) =>
        row is { KeepaliveOn: false, State: TcpState.Listen or TcpState.Established or TcpState.CloseWait } && (row.Own & KeepaliveTimes) != 0 && !IsInherited(in row, scope);

    private const KeepaliveSettings KeepaliveTimes = KeepaliveSettings.Idle | KeepaliveSettings.Intvl | KeepaliveSettings.Cnt;

    /// <summary>Told once, at the listener.</summary>
    private static bool IsInherited(in SocketRow row, AuditScope scope) =>
        row.Listener >= 0 && scope.Table.Rows[row.Listener] is { KeepaliveOn: false } listener && listener.Own == row.Own;

    private static string Text(in SocketRow row, AuditScope scope)
    {
        List<string> set = [];
        if ((row.Own & KeepaliveSettings.Idle) != 0)
            set.Add($"idle {TimeText.Seconds(scope.Time(row.Idle))}");
        if ((row.Own & KeepaliveSettings.Intvl) != 0)
            set.Add($"interval {TimeText.Seconds(scope.Time(row.Intvl))}");
        if ((row.Own & KeepaliveSettings.Cnt) != 0)
            set.Add($"count {row.Cnt}");
        return string.Join(", ", set);
    }

    protected override string Sentence(RowGroup group, AuditScope scope) =>
        $"{CountText.Of(group.Count, "socket")} with times of keepalive set ({Text(in group.First, scope)}), and keepalive itself off: they do nothing.";

    protected override string Remedy(RowGroup group, AuditScope scope) =>
        scope.Remedy(in group.First, KnobEffect.On);
}
