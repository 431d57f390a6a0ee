using KaTrace.Bpf;
using KaTrace.Filters;
using KaTrace.Output;

namespace KaTrace.Cli.Streaming;

/// <summary>What a run of <c>katrace stream</c> is to do.</summary>
internal sealed record StreamOptions
{
    public required EventFilter Filter { get; init; }

    /// <summary>For the first line on stderr; null if there is none.</summary>
    public string? FilterText { get; init; }

    /// <summary>compact, wide or json.</summary>
    public required string Format { get; init; }

    public ulong? Count { get; init; }

    public TimeSpan? Duration { get; init; }

    public TimeFormat TimeFormat { get; init; }

    public ColorMode Color { get; init; }

    public bool ShowSelf { get; init; }

    /// <summary>Say why better backends were not possible.</summary>
    public bool Verbose { get; init; }

    public bool Demo { get; init; }

    /// <summary>Within which time a change that no hook saw is told; zero: never.</summary>
    public TimeSpan Reconcile { get; init; }

    public required TracerOptions Tracer { get; init; }
}
