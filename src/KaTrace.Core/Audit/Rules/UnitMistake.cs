using KaTrace.Events;
using KaTrace.Output;
using KaTrace.Sockets;

namespace KaTrace.Audit.Rules;

/// <summary>TCP_KEEPIDLE and TCP_KEEPINTVL are in seconds, TCP_USER_TIMEOUT in milliseconds; many libraries take all of them in milliseconds.</summary>
internal sealed class UnitMistake : SocketRule
{
    public override string Id => "unit-mistake";

    public override Severity Severity => Severity.Warning;

    public override string Summary => "a time that looks as if it was given in the wrong unit";

    protected override bool Fits(in SocketRow row, AuditScope scope) =>
        row.IsConnected && Suspect(in row, scope) != KeepaliveSettings.None;

    private const int Thousand = 1000;

    /// <summary>No one asks for an idle time of 5000, 10,000 or 30,000 s, as round as these are, nor for such an interval.</summary>
    private const int SuspectIdle = 5000;

    /// <summary>A multiple of 1000 s: 2 h is none.</summary>
    private static bool IsRound(uint seconds, uint from) => seconds >= from && seconds % Thousand == 0;

    protected override string Detail(in SocketRow row, AuditScope scope) => $"{Suspect(in row, scope)} {row.Idle} {row.Intvl} {row.UserTimeout}";

    private static KeepaliveSettings Suspect(in SocketRow row, AuditScope scope) => row.Own switch
    {
        var own when (own & KeepaliveSettings.Idle) != 0 && IsRound(scope.Table.Clock.ToSeconds(row.Idle), SuspectIdle) => KeepaliveSettings.Idle,
        var own when (own & KeepaliveSettings.Intvl) != 0 && IsRound(scope.Table.Clock.ToSeconds(row.Intvl), Thousand) => KeepaliveSettings.Intvl,
        _ when row.UserTimeout is > 0 and < Thousand => KeepaliveSettings.UserTimeout,
        _ => KeepaliveSettings.None,
    };

    protected override string Sentence(RowGroup group, AuditScope scope) =>
        Suspect(in group.First, scope) switch
        {
            KeepaliveSettings.Idle => $"idle time {TimeText.Seconds(scope.Time(group.First.Idle))} on {Connections(group)}: {TimeText.Seconds(scope.Time(group.First.Idle) / 1000)} in milliseconds?",
            KeepaliveSettings.Intvl => $"interval {TimeText.Seconds(scope.Time(group.First.Intvl))} on {Connections(group)}: {TimeText.Seconds(scope.Time(group.First.Intvl) / 1000)} in milliseconds?",
            _ => $"user timeout {group.First.UserTimeout} ms on {Connections(group)}: {group.First.UserTimeout} s in seconds?",
        };

    protected override string Remedy(RowGroup group, AuditScope scope) =>
        "look where the program sets it: TCP_KEEPIDLE and TCP_KEEPINTVL take seconds, TCP_USER_TIMEOUT takes milliseconds.";
}
