namespace KaTrace.Audit;

/// <summary>One thing that can be wrong with keepalive on a host.</summary>
internal abstract class AuditRule
{
    /// <summary>In words with hyphens: users write it in flags and files, so it never changes.</summary>
    public abstract string Id { get; }

    /// <summary>Of most of its findings.</summary>
    public abstract Severity Severity { get; }

    /// <summary>What it looks for, as one clause.</summary>
    public abstract string Summary { get; }

    public abstract IEnumerable<Finding> Look(AuditScope scope);
}
