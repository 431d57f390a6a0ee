using Google.Protobuf;
using KaTrace.Events;
using KaTrace.Explaining;
using KaTrace.Output;
using KaTrace.Tests.Hosts;
using KaTrace.V1;

namespace KaTrace.Tests.Contract;

/// <summary>Lines of <c>audit</c> and <c>explain</c> are messages of the contract, to the last member.</summary>
public sealed class JudgementJsonTests
{
    private static readonly JsonParser Strict = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(false));

    [Fact]
    public void A_finding_is_a_message()
    {
        AuditFinding[] findings = [.. Seeds.SelectMany(seed => PrintedHost.FindingLines(RandomHosts.Look(seed))).Select(Strict.Parse<AuditFinding>)];

        Assert.All(findings, finding => Assert.NotEqual(AuditFinding.Types.Severity.Unspecified, finding.Severity));
        Assert.Contains(findings, finding => finding.Knob?.Name == "tcp-keepalive");
        Assert.Contains(findings, finding => finding is { Side: AuditFinding.Types.Side.Connecting, Port: > 0, Count: > 0 } && finding.Examples[0].Inode > 0);
    }

    [Fact]
    public void An_explanation_is_a_message_with_its_events_in_it()
    {
        EventRecord record = Sample.Probe.ToRecord();
        Event probe = EventMessage.From(in record, Sample.Redis, 7, Sample.Clock, "node-1");
        KeptEvents kept = new("the agent", [probe], DateTimeOffset.UnixEpoch.AddSeconds(1.5));
        SocketExplanation[] explanations = [.. Seeds.SelectMany(seed => PrintedHost.ExplanationLines(RandomHosts.Look(seed), kept)).Select(Strict.Parse<SocketExplanation>)];

        Assert.All(explanations, one =>
        {
            Assert.Equal(probe.Sequence, Assert.Single(one.Events).Sequence);
            Assert.Equal(1.5, one.EventsSince.ToDateTimeOffset().ToUnixTimeMilliseconds() / 1000.0);
            Assert.StartsWith("inode ", one.Inode == 0 ? "inode " : one.Text["socket"], StringComparison.Ordinal);
        });
        Assert.Contains(explanations, one => one.DeadPeer?.NoticedBy == SocketExplanation.Types.DeadPeer.Types.NoticedBy.UserTimeout);
        Assert.Contains(explanations, one => one is { HasKeepaliveOn: true, OtherSide.Holders.Count: > 1 });
    }

    private static IEnumerable<int> Seeds => Enumerable.Range(0, 300);
}
