using Google.Protobuf.Reflection;

namespace KaTrace.Output;

/// <summary>The comments of the files whose messages are lines of JSON. Generated code has none, so that protoc's descriptor set is embedded beside it.</summary>
internal sealed class ProtoComments
{
    // Field numbers in descriptor.proto, of which the paths of its SourceCodeInfo are made.
    private const int FileMessage = 4;
    private const int FileEnum = 5;
    private const int MessageField = 2;
    private const int MessageNested = 3;
    private const int MessageEnum = 4;
    private const int EnumValue = 2;

    private readonly Dictionary<string, string> _byPath = [];

    public ProtoComments()
    {
        foreach (string resource in (string[])["event.binpb", "connection.binpb", "audit.binpb", "explain.binpb"])
        {
            using Stream set = typeof(V1.Event).Assembly.GetManifestResourceStream(resource)!;
            FileDescriptorProto file = FileDescriptorSet.Parser.ParseFrom(set).File.Single();
            foreach (SourceCodeInfo.Types.Location location in file.SourceCodeInfo.Location)
            {
                if (location.LeadingComments.Length > 0)
                    _byPath[$"{file.Name}:{string.Join('.', location.Path)}"] = Unwrap(location.LeadingComments);
            }
        }
    }

    public string? Of(MessageDescriptor message) => At(message, Path(message));

    public string? Of(FieldDescriptor field) => At(field, $"{Path(field.ContainingType)}.{MessageField}.{field.Index}");

    public string? Of(EnumDescriptor type) => At(type, Path(type));

    public string? Of(EnumValueDescriptor value) => At(value, $"{Path(value.EnumDescriptor)}.{EnumValue}.{value.Index}");

    private string? At(DescriptorBase declared, string path) => _byPath.GetValueOrDefault($"{declared.File.Name}:{path}");

    private static string Path(MessageDescriptor message) => message.ContainingType is { } outer
        ? $"{Path(outer)}.{MessageNested}.{message.Index}"
        : $"{FileMessage}.{message.Index}";

    private static string Path(EnumDescriptor type) => type.ContainingType is { } message
        ? $"{Path(message)}.{MessageEnum}.{type.Index}"
        : $"{FileEnum}.{type.Index}";

    /// <summary>Lines break where the source was full, which means nothing elsewhere.</summary>
    private static string Unwrap(string comment) =>
        string.Join(' ', comment.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
}
