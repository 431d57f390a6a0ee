using System.Buffers;
using KaTrace.Events;
using KaTrace.Output;
using KaTrace.Processes;
using KaTrace.V1;

namespace KaTrace.Fuzz;

/// <summary>Every form that an event can be written in.</summary>
internal sealed class AllWriters(IBufferWriter<byte> output, string nodeName) : IEventWriter
{
    private readonly IEventWriter[] _writers =
    [
        new JsonEventWriter(output, nodeName),
        new CompactEventWriter(output, TimeFormat.StampMilli, TimeZoneInfo.Utc, color: true, wide: true),
        new CsvEventWriter(output, nodeName, withHeader: true),
        new ProtobufEventWriter(output, nodeName),
    ];

    public void Write(in EventRecord record, ProcessIdentity? process, Occurrence occurrence, in KernelClock clock)
    {
        foreach (IEventWriter writer in _writers)
            writer.Write(in record, process, occurrence, in clock);
    }

    public void WriteLost(Lost.Types.Place place, ulong count, ulong monotonicNs, ulong sequence, in KernelClock clock)
    {
        foreach (IEventWriter writer in _writers)
            writer.WriteLost(place, count, monotonicNs, sequence, in clock);
    }
}
