using KaTrace.Events;
using KaTrace.Output;
using KaTrace.Processes;
using KaTrace.V1;

namespace KaTrace.Cli.Recording;

/// <summary>Both get every event.</summary>
internal sealed class TeeEventWriter(IEventWriter first, IEventWriter second) : IEventWriter
{
    public void Write(in EventRecord record, ProcessIdentity? process, Occurrence occurrence, in KernelClock clock)
    {
        first.Write(in record, process, occurrence, in clock);
        second.Write(in record, process, occurrence, in clock);
    }

    public void WriteLost(Lost.Types.Place place, ulong count, ulong monotonicNs, ulong sequence, in KernelClock clock)
    {
        first.WriteLost(place, count, monotonicNs, sequence, in clock);
        second.WriteLost(place, count, monotonicNs, sequence, in clock);
    }
}
