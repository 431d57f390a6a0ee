using KaTrace.Events;
using KaTrace.Processes;
using KaTrace.V1;

namespace KaTrace.Output;

/// <summary>Writes events as lines of UTF-8 into the buffer that it was made with; whoever owns that buffer flushes it.</summary>
/// <remarks>Allocates nothing an event. Not thread-safe.</remarks>
internal interface IEventWriter
{
    /// <param name="record">The event, read in place.</param>
    /// <param name="process">The owner of its socket; null if unknown.</param>
    /// <param name="occurrence">Where it is in the stream; a number from 1 where it stands for itself alone.</param>
    /// <param name="clock">For the times of the record.</param>
    void Write(in EventRecord record, ProcessIdentity? process, Occurrence occurrence, in KernelClock clock);

    /// <param name="place">Where they were lost.</param>
    /// <param name="count">How many.</param>
    /// <param name="monotonicNs">When that was noticed, by CLOCK_MONOTONIC.</param>
    /// <param name="sequence">Position in the stream, from 1.</param>
    /// <param name="clock">For <paramref name="monotonicNs"/>.</param>
    void WriteLost(Lost.Types.Place place, ulong count, ulong monotonicNs, ulong sequence, in KernelClock clock);
}
