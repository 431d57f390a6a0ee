using System.Buffers;
using System.Text.Json;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace KaTrace.Output;

/// <summary>JSON Schema (draft 2020-12) of the JSON lines, made from the contract's descriptors, so that it cannot lag behind.</summary>
/// <remarks>Nothing is required, as proto3 JSON leaves out what is zero; nothing is forbidden, as later versions may add
/// members and enum values.</remarks>
internal sealed class JsonSchema
{
    private const string Definitions = "#/$defs/";

    /// <summary>Of the message that stands for an entry of a map.</summary>
    private const int MapValue = 2;

    private readonly ProtoComments _comments = new();
    private readonly SortedDictionary<string, DescriptorBase> _definitions = new(StringComparer.Ordinal);
    private readonly Utf8JsonWriter _json;

    private JsonSchema(Utf8JsonWriter json) => _json = json;

    /// <summary>Writes the schema of a message of the contract, with a newline at its end.</summary>
    public static void Write(IBufferWriter<byte> output, MessageDescriptor message)
    {
        // Relaxed: the text goes to files and terminals, not into HTML.
        JsonWriterOptions options = new()
        {
            Indented = true,
            NewLine = "\n",
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };
        using (Utf8JsonWriter json = new(output, options))
            new JsonSchema(json).WriteDocument(message);
        output.Write("\n"u8);
    }

    private void WriteDocument(MessageDescriptor root)
    {
        Collect(root);
        _json.WriteStartObject();
        _json.WriteString("$schema", "https://json-schema.org/draft/2020-12/schema");
        _json.WriteString("title", root.FullName);
        _json.WriteString("$ref", Definitions + Name(root));
        _json.WriteStartObject("$defs");
        foreach ((string name, DescriptorBase definition) in _definitions)
        {
            _json.WriteStartObject(name);
            if (definition is MessageDescriptor message)
                WriteMessage(message);
            else
                WriteEnum((EnumDescriptor)definition);
            _json.WriteEndObject();
        }

        _json.WriteEndObject();
        _json.WriteEndObject();
    }

    private void Collect(MessageDescriptor message)
    {
        if (IsTimestamp(message) || !_definitions.TryAdd(Name(message), message))
            return;
        foreach (FieldDescriptor field in message.Fields.InFieldNumberOrder())
        {
            if (field is { FieldType: FieldType.Message, IsMap: false })
                Collect(field.MessageType);
            else if (field.FieldType == FieldType.Enum)
                _definitions.TryAdd(Name(field.EnumType), field.EnumType);
        }
    }

    private void WriteMessage(MessageDescriptor message)
    {
        WriteDescription(_comments.Of(message));
        _json.WriteString("type", "object");
        _json.WriteStartObject("properties");
        foreach (FieldDescriptor field in message.Fields.InFieldNumberOrder())
        {
            _json.WriteStartObject(field.JsonName);
            WriteDescription(_comments.Of(field));
            if (field.IsMap)
            {
                _json.WriteString("type", "object");
                _json.WriteStartObject("additionalProperties");
                WriteType(field.MessageType.FindFieldByNumber(MapValue));
                _json.WriteEndObject();
            }
            else if (field.IsRepeated)
            {
                _json.WriteString("type", "array");
                _json.WriteStartObject("items");
                WriteType(field);
                _json.WriteEndObject();
            }
            else
            {
                WriteType(field);
            }

            _json.WriteEndObject();
        }

        _json.WriteEndObject();
    }

    /// <summary>Values are listed with their comments in the description: "enum" has no place for them.</summary>
    private void WriteEnum(EnumDescriptor type)
    {
        IEnumerable<EnumValueDescriptor> values = type.Values.Where(value => value.Number != 0);
        IEnumerable<string> lines = values
            .Where(value => _comments.Of(value) is not null)
            .Select(value => $"{value.Name}: {_comments.Of(value)}");
        WriteDescription(string.Join('\n', lines.Prepend(_comments.Of(type) ?? "").Where(line => line.Length > 0)));
        _json.WriteString("type", "string");
        _json.WriteStartArray("enum");
        foreach (EnumValueDescriptor value in values)
            _json.WriteStringValue(value.Name);
        _json.WriteEndArray();
    }

    private void WriteType(FieldDescriptor field)
    {
        switch (field.FieldType)
        {
            case FieldType.Message when IsTimestamp(field.MessageType):
                _json.WriteString("type", "string");
                _json.WriteString("format", "date-time");
                break;
            case FieldType.Message:
                _json.WriteString("$ref", Definitions + Name(field.MessageType));
                break;
            case FieldType.Enum:
                _json.WriteString("$ref", Definitions + Name(field.EnumType));
                break;
            case FieldType.UInt64:
                _json.WriteString("type", "string");
                _json.WriteString("pattern", "^[0-9]{1,20}$");
                break;
            case FieldType.UInt32:
                WriteInteger(uint.MinValue, uint.MaxValue);
                break;
            case FieldType.Int32 or FieldType.SInt32:
                WriteInteger(int.MinValue, int.MaxValue);
                break;
            case FieldType.Double:
                _json.WriteString("type", "number");
                break;
            case FieldType.Bool:
                _json.WriteString("type", "boolean");
                break;
            case FieldType.String:
                _json.WriteString("type", "string");
                break;
            default:
                throw new NotSupportedException($"{field.FullName}: no JSON Schema for {field.FieldType} fields yet");
        }
    }

    private void WriteInteger(long minimum, long maximum)
    {
        _json.WriteString("type", "integer");
        _json.WriteNumber("minimum", minimum);
        _json.WriteNumber("maximum", maximum);
    }

    private void WriteDescription(string? text)
    {
        if (!string.IsNullOrEmpty(text))
            _json.WriteString("description", text);
    }

    private static bool IsTimestamp(MessageDescriptor message) => message.FullName == Timestamp.Descriptor.FullName;

    /// <summary>Without the package, nested ones by their path: "Event.Kind".</summary>
    private static string Name(DescriptorBase type) => type.FullName[(type.File.Package.Length + 1)..];
}
