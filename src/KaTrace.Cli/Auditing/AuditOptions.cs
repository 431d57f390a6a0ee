using KaTrace.Audit;
using KaTrace.Audit.Expectations;
using KaTrace.Output;

namespace KaTrace.Cli.Auditing;

/// <summary>What a run of <c>katrace audit</c> is to do.</summary>
internal sealed record AuditOptions
{
    public required IReadOnlyList<AuditRule> Rules { get; init; }

    public required IReadOnlyList<Expectation> Expectations { get; init; }

    public required IReadOnlyList<PathRule> Paths { get; init; }

    public required AuditLimits Limits { get; init; }

    public required IReadOnlyDictionary<string, Severity> Severities { get; init; }

    /// <summary>The least severity that makes the run fail; null: none does.</summary>
    public Severity? FailOn { get; init; }

    /// <summary>Between two looks; null: one is enough.</summary>
    public TimeSpan? Watch { get; init; }

    /// <summary>Where JUnit XML goes.</summary>
    public string? JUnit { get; init; }

    public bool Json { get; init; }

    public ColorMode Color { get; init; }
}
