using KaTrace.Bpf;
using KaTrace.Filters;
using KaTrace.Server.Log;

namespace KaTrace.Server.Tracing;

/// <summary>What the agent traces, and how much of it it keeps.</summary>
internal sealed record TraceOptions
{
    public TracerOptions Tracer { get; init; } = new();

    /// <summary>For all subscribers: what it hides is not in the log.</summary>
    public EventFilter Filter { get; init; } = EventFilter.Everything;

    /// <summary>Within which time a change that no hook saw is told; zero: never.</summary>
    public TimeSpan Reconcile { get; init; } = TracerOptions.DefaultReconcile;

    public long HistoryBytes { get; init; } = EventLog.DefaultBytes;
}
