namespace KaTrace.Events;

/// <summary>Where an event is in its stream, and how many of its kind it stands for.</summary>
/// <param name="Sequence">From 1.</param>
/// <param name="Count">It and those before it on the same socket: see <see cref="EventAggregator"/>.</param>
/// <param name="FirstNs">CLOCK_MONOTONIC of the first of them; of no meaning where there is one.</param>
internal readonly record struct Occurrence(ulong Sequence, uint Count = 1, ulong FirstNs = 0)
{
    public static implicit operator Occurrence(ulong sequence) => new(sequence);

    public bool IsAggregate => Count > 1;
}
