namespace KaTrace.Audit;

/// <summary>Runs rules over a host.</summary>
internal static class Auditor
{
    /// <summary>What they find, the worst first, and of those the largest.</summary>
    /// <param name="rules">Which are to run.</param>
    /// <param name="severities">Of rules whose own is not wanted.</param>
    /// <param name="scope">What they look at.</param>
    public static Finding[] Run(IEnumerable<AuditRule> rules, IReadOnlyDictionary<string, Severity> severities, AuditScope scope) =>
    [
        .. rules.SelectMany(rule => rule.Look(scope))
            .Select(finding => severities.TryGetValue(finding.Rule, out Severity severity) ? finding with { Severity = severity } : finding)
            .OrderByDescending(finding => finding.Severity)
            .ThenByDescending(finding => finding.Count),
    ];
}
