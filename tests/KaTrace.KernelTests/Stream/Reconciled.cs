namespace KaTrace.KernelTests.Stream;

/// <summary>A tracer that looks at all sockets often, for the tests of one class.</summary>
public sealed class Reconciled : IDisposable
{
    /// <summary>Within which time a change is to be told.</summary>
    internal static readonly TimeSpan Within = Pace.Deadline(2);

    internal TracedEvents Events { get; } = new(reconcile: Within);

    public void Dispose() => Events.Dispose();
}
