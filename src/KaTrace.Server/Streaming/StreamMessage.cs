using System.Buffers;
using Google.Protobuf;
using Grpc.Core;
using KaTrace.Events;
using KaTrace.Filters;
using KaTrace.Output;
using KaTrace.Processes;
using KaTrace.Server.Log;
using KaTrace.V1;

namespace KaTrace.Server.Streaming;

/// <summary>One <see cref="StreamEventsResponse"/> on its way out: parts of the log, put behind each other when gRPC asks for the bytes,
/// so that an event is copied once a subscriber and never made anew. One for each subscriber, used again and again.</summary>
internal sealed class StreamMessage(EventLog log, AgentIdentity agent)
{
    // Two sequences, and a timestamp with nanoseconds.
    private const int MaxHeadLength = 64;

    private readonly List<(int First, int End)> _runs = [];
    /// <summary>Events that do not lie in the log as they are sent.</summary>
    private readonly ArrayBufferWriter<byte> _made = new(64);
    private readonly ArrayBufferWriter<byte> _whole = new(64);
    private IMessage? _marker;
    private int _markerField;
    private LogSlice _slice;
    private ulong _sequence;
    private ulong _told;

    public static readonly Marshaller<StreamMessage> Marshaller = new(
        static (message, context) => message.Serialize(context),
        static _ => throw new NotSupportedException("The server does not receive its own messages."));

    /// <summary>Events in it, notices of loss to this subscriber alone included.</summary>
    public int Count { get; private set; }

    /// <summary>A message without content: all up to <paramref name="sequence"/> are through.</summary>
    public void Clear(ulong sequence)
    {
        Release();
        (_marker, _sequence, _told, Count) = (null, sequence, 0, 0);
        _runs.Clear();
        _made.ResetWrittenCount();
    }

    public void SetMarker(int field, IMessage marker, ulong sequence)
    {
        Clear(sequence);
        (_markerField, _marker) = (field, marker);
    }

    /// <summary>Tells this subscriber alone that events are missing here.</summary>
    public void AddLost(Lost.Types.Place place, ulong count, ulong monotonicNs, in KernelClock clock)
    {
        Span<byte> buffer = _made.GetSpan(ProtoEventWriter.MaxLength(null));
        _made.Advance(ProtoEventWriter.WriteLost(buffer, place, count, monotonicNs, 0, in clock));
        Count++;
    }

    /// <summary>Takes an event that does not lie in the log: see <see cref="AggregatedEvents"/>.</summary>
    public void Add(in EventRecord record, ProcessIdentity? process, Occurrence occurrence, in KernelClock clock, FieldProjection? fields)
    {
        _whole.ResetWrittenCount();
        _whole.Advance(ProtoEventWriter.Write(_whole.GetSpan(ProtoEventWriter.MaxLength(process)), in record, process, occurrence, in clock));
        Add(_whole.WrittenSpan, fields);
    }

    /// <param name="element">Of <see cref="EventBatch.Events"/>.</param>
    /// <param name="fields">What of it; null: all.</param>
    public void Add(ReadOnlySpan<byte> element, FieldProjection? fields)
    {
        if (fields is null)
            _made.Write(element);
        else
            fields.Project(element, _made);
        Count++;
    }

    /// <summary>All up to <paramref name="sequence"/> are through.</summary>
    /// <param name="sequence">Of an event.</param>
    /// <param name="firstHeld">But those from here on that are held back; null: none is.</param>
    public void IsThrough(ulong sequence, ulong? firstHeld) =>
        (_sequence, _told) = firstHeld is { } first ? (first - 1, sequence) : (sequence, 0);

    /// <summary>Takes those events of the slice that are wanted, and the slice itself, which is released when its bytes were copied.</summary>
    public void Take(LogSlice slice, StreamSelection selection)
    {
        _slice = slice;
        _sequence = slice.NextSequence - 1;
        Count += selection.Select(slice, _runs);
        if (selection.Fields is not { } fields)
            return;
        foreach ((int first, int end) in _runs)
        {
            for (int i = first; i < end; i++)
                fields.Project(slice.Segment!.Encoded(i, i + 1), _made);
        }

        _runs.Clear();
    }

    /// <summary>Gives the slice back if nobody has asked for the bytes.</summary>
    public void Release()
    {
        log.Release(_slice);
        _slice = default;
    }

    private void Serialize(SerializationContext context)
    {
        ReadOnlySpan<byte> content = _marker is null ? [] : _marker.ToByteArray();
        int batchLength = _made.WrittenCount;
        foreach ((int first, int end) in _runs)
            batchLength += _slice.Segment!.Encoded(first, end).Length;

        ProtoCursor head = new(stackalloc byte[MaxHeadLength]);
        head.UInt64(StreamEventsResponse.SequenceFieldNumber, _sequence);
        head.UInt64(StreamEventsResponse.ToldSequenceFieldNumber, _told);
        ProtoEventWriter.WriteTime(ref head, StreamEventsResponse.TimeFieldNumber, UnixTime.Now);
        ProtoCursor tag = new(stackalloc byte[8]);
        if (Count > 0)
            tag.PresentLength(StreamEventsResponse.EventsFieldNumber, batchLength);
        else if (_marker is not null)
            tag.PresentLength(_markerField, content.Length);

        int length = head.Length + agent.Proto.Length + tag.Length + content.Length + batchLength;
        context.SetPayloadLength(length);
        IBufferWriter<byte> output = context.GetBufferWriter();

        // In one piece: the server's own blocks are of 4 KiB, and there would be dozens of them a message.
        ProtoCursor message = new(output.GetSpan(length));
        message.Append(head.Written);
        message.Append(agent.Proto);
        message.Append(tag.Written);
        message.Append(content);
        message.Append(_made.WrittenSpan);
        foreach ((int first, int end) in _runs)
            message.Append(_slice.Segment!.Encoded(first, end));
        output.Advance(length);
        context.Complete();
        Release();
    }
}
