using System.Buffers;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using KaTrace.Output;
using KaTrace.V1;

namespace KaTrace.Server.Streaming;

/// <summary>Leaves fields out of events as they lie encoded, without making messages of them.</summary>
internal sealed class FieldProjection
{
    private const int Varint = 0;
    private const int Fixed64 = 1;
    private const int LengthDelimited = 2;
    private const int Fixed32 = 5;

    private readonly Node _event = new();

    private FieldProjection(FieldMask mask)
    {
        foreach (string path in mask.Paths)
            Add(path);
    }

    /// <returns>Null for a mask that asks for everything.</returns>
    /// <exception cref="FormatException">A path names no field; the message is a sentence that names it.</exception>
    public static FieldProjection? Of(FieldMask? mask) => mask is null || mask.Paths.Count == 0 ? null : new FieldProjection(mask);

    /// <param name="element">One element of <see cref="EventBatch.Events"/>.</param>
    /// <param name="output">Where what is left of it is added, as such an element.</param>
    public void Project(ReadOnlySpan<byte> element, IBufferWriter<byte> output)
    {
        Span<byte> buffer = output.GetSpan(element.Length + 8);
        WireReader reader = new(element);
        reader.ReadTag();
        ReadOnlySpan<byte> message = reader.ReadBytes();
        ProtoCursor proto = new(buffer);
        int begin = proto.Begin(EventBatch.EventsFieldNumber, 4);
        Project(message, _event, ref proto);
        proto.End(begin, 4);
        output.Advance(proto.Length);
    }

    private static void Project(ReadOnlySpan<byte> message, Node node, ref ProtoCursor proto)
    {
        WireReader reader = new(message);
        while (!reader.IsAtEnd)
        {
            int start = reader.Position;
            uint tag = reader.ReadTag();
            int wireType = (int)(tag & 7), field = (int)(tag >> 3);
            ReadOnlySpan<byte> nested = [];
            switch (wireType)
            {
                case Varint: reader.ReadVarint(); break;
                case Fixed64: reader.Skip(8); break;
                case Fixed32: reader.Skip(4); break;
                case LengthDelimited: nested = reader.ReadBytes(); break;
                default: throw new InvalidDataException($"wire type {wireType} is not one of ours");
            }

            if (!node.Fields.TryGetValue(field, out Node? wanted))
                continue;
            if (wanted.IsWhole)
            {
                proto.Append(message[start..reader.Position]);
                continue;
            }

            // Nothing becomes longer, so the length fits into as many bytes as it had.
            int width = ProtoCursor.VarintLength((uint)nested.Length);
            int begin = proto.Begin(field, width);
            Project(nested, wanted, ref proto);
            proto.End(begin, width);
        }
    }

    private void Add(string path)
    {
        Node node = _event;
        MessageDescriptor? message = Event.Descriptor;
        foreach (string name in path.Split('.'))
        {
            FieldDescriptor field = message?.FindFieldByName(name)
                ?? throw new FormatException($"bad field mask '{path}': {(message is null ? $"'{name}' would lie in a field that is no message" : $"{message.FullName} has no field '{name}'")}");
            if (!node.Fields.TryGetValue(field.FieldNumber, out Node? next))
                node.Fields[field.FieldNumber] = next = new Node();
            node = next;
            message = field.FieldType == FieldType.Message && !field.IsRepeated ? field.MessageType : null;
        }

        node.IsWhole = true;
    }

    private sealed class Node
    {
        public Dictionary<int, Node> Fields { get; } = [];

        public bool IsWhole { get; set; }
    }

    private ref struct WireReader(ReadOnlySpan<byte> data)
    {
        private readonly ReadOnlySpan<byte> _data = data;

        public int Position { get; private set; }

        public readonly bool IsAtEnd => Position == _data.Length;

        public uint ReadTag() => (uint)ReadVarint();

        public ulong ReadVarint()
        {
            ulong value = 0;
            for (int shift = 0; ; shift += 7)
            {
                byte next = _data[Position++];
                value |= (ulong)(next & 0x7f) << shift;
                if (next < 0x80)
                    return value;
            }
        }

        public ReadOnlySpan<byte> ReadBytes()
        {
            int length = (int)ReadVarint();
            Position += length;
            return _data.Slice(Position - length, length);
        }

        public void Skip(int count) => Position += count;
    }
}
