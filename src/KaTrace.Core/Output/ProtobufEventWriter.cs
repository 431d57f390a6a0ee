using System.Buffers;
using Google.Protobuf;
using KaTrace.Events;
using KaTrace.Processes;
using KaTrace.V1;

namespace KaTrace.Output;

/// <summary>Each event as a message behind its length, as <c>writeDelimitedTo</c> of any language does. Makes garbage.</summary>
internal sealed class ProtobufEventWriter(IBufferWriter<byte> output, string nodeName) : IEventWriter
{
    private const int MostVarint32 = 5;

    public void Write(in EventRecord record, ProcessIdentity? process, Occurrence occurrence, in KernelClock clock) =>
        Write(EventMessage.From(in record, process, occurrence, in clock, nodeName));

    public void WriteLost(Lost.Types.Place place, ulong count, ulong monotonicNs, ulong sequence, in KernelClock clock) =>
        Write(EventMessage.Lost(place, count, monotonicNs, sequence, in clock, nodeName));

    private void Write(Event message)
    {
        int length = message.CalculateSize();
        Span<byte> span = output.GetSpan(MostVarint32 + length);
        int prefix = 0;
        for (uint left = (uint)length; ; left >>= 7)
        {
            span[prefix++] = (byte)(left < 0x80 ? left : left | 0x80);
            if (left < 0x80)
                break;
        }

        message.WriteTo(span.Slice(prefix, length));
        output.Advance(prefix + length);
    }
}
