using KaTrace.Audit.Rules;

namespace KaTrace.Audit;

/// <summary>All rules, in the order in which they are documented.</summary>
internal static class AuditRules
{
    public static IReadOnlyList<AuditRule> All { get; } =
    [
        new PathForgetsFirst(),
        new PathWithoutKeepalive(),
        new PathIgnoresKeepalive(),
        new TrackingForgetsFirst(),
        new DescriptorsRunOut(),
        new ServerWithoutKeepalive(),
        new SilentWithoutKeepalive(),
        new PeerNotAnswering(),
        new LostAfterAccept(),
        new SettingsWhileOff(),
        new UnitMistake(),
        new CloseWaitPileUp(),
        new OrphanPileUp(),
        new OneSideOnly(),
        new HalfProxied(),
        new UserTimeoutAlone(),
        new UserTimeoutOverridesCount(),
        new RetransmissionAlone(),
        new SlowDetection(),
        new OverEager(),
    ];

    /// <summary>For sentences about a rule that there is not.</summary>
    public static string Names => $"rules are {string.Join(", ", All.Select(rule => rule.Id))}";

    public static bool IsKnown(string id) => id == Expected.RuleId || All.Any(rule => rule.Id == id);
}
