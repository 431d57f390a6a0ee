using KaTrace.Bpf;
using KaTrace.Cli.Printing;
using KaTrace.Filters;

namespace KaTrace.Cli.Streaming;

/// <summary>What a run of <c>katrace stream</c> is to do.</summary>
internal sealed record StreamOptions
{
    public required V1.FilterList Filters { get; init; }

    public required EventFilter Filter { get; init; }

    /// <summary>For the first line on stderr; null if there is none.</summary>
    public string? FilterText { get; init; }

    /// <summary>Null: nothing is printed.</summary>
    public PrintOptions? Print { get; init; }

    public ulong? Count { get; init; }

    public TimeSpan? Duration { get; init; }

    /// <summary>What repeats on a socket is shown once in such a time; null: each time.</summary>
    public TimeSpan? Aggregate { get; init; }

    public bool ShowSelf { get; init; }

    /// <summary>Say why better backends were not possible.</summary>
    public bool Verbose { get; init; }

    public bool Demo { get; init; }

    /// <summary>Within which time a change that no hook saw is told; zero: never.</summary>
    public TimeSpan Reconcile { get; init; }

    public required TracerOptions Tracer { get; init; }
}
