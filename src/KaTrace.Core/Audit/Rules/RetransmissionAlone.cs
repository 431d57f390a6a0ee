using KaTrace.Output;
using KaTrace.Sockets;
using KaTrace.Timing;

namespace KaTrace.Audit.Rules;

/// <summary>While data is unacknowledged only TCP_USER_TIMEOUT or the limit of retransmissions ends a connection.</summary>
internal sealed class RetransmissionAlone : SocketRule
{
    public override string Id => "retransmission-alone";

    public override Severity Severity => Severity.Info;

    public override string Summary => "data is being sent again and again, and keepalive waits meanwhile";

    protected override bool Fits(in SocketRow row, AuditScope scope) =>
        row is { IsConnected: true, UserTimeout: 0, Retransmits: >= Enough, PacketsOut: > 0 };

    /// <summary>Two are ordinary loss.</summary>
    private const int Enough = 3;

    private static TimeSpan Limit(in SocketRow row, AuditScope scope) => UnacknowledgedLimit.Of(in row, scope.Settings.Of(row.Netns));

    protected override string Sentence(RowGroup group, AuditScope scope) =>
        $"{Connections(group)} with data sent again up to {CountText.Of(group.Max((in row) => row.Retransmits), "time")} without an answer: keepalive waits for it, so that only the limit of retransmissions ends this, {TimeText.Of(Limit(in group.First, scope))} or more after the first.";

    protected override string Remedy(RowGroup group, AuditScope scope) =>
        "set TCP_USER_TIMEOUT in the program to give up sooner, or lower net.ipv4.tcp_retries2.";
}
