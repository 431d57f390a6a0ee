namespace KaTrace.Audit;

/// <summary>How much a finding matters.</summary>
internal enum Severity
{
    /// <summary>Worth knowing: it may well be meant.</summary>
    Info,

    /// <summary>It hurts as soon as a peer or the path fails.</summary>
    Warning,

    /// <summary>It hurts already, or surely will: connections break, or descriptors run out.</summary>
    Critical,
}
