using Google.Protobuf.Reflection;

namespace KaTrace.Output;

/// <summary>The comments of event.proto. Generated code has none, so that protoc's descriptor set is embedded beside it.</summary>
internal sealed class ProtoComments
{
    // Field numbers in descriptor.proto, of which the paths of its SourceCodeInfo are made.
    private const int FileMessage = 4;
    private const int FileEnum = 5;
    private const int MessageField = 2;
    private const int MessageEnum = 4;
    private const int EnumValue = 2;

    private readonly Dictionary<string, string> _byPath = [];

    public ProtoComments()
    {
        using Stream set = typeof(V1.Event).Assembly.GetManifestResourceStream("event.binpb")!;
        foreach (SourceCodeInfo.Types.Location location in FileDescriptorSet.Parser.ParseFrom(set).File.Single().SourceCodeInfo.Location)
        {
            if (location.LeadingComments.Length > 0)
                _byPath[string.Join('.', location.Path)] = Unwrap(location.LeadingComments);
        }
    }

    public string? Of(MessageDescriptor message) => At(Path(message));

    public string? Of(FieldDescriptor field) => At($"{Path(field.ContainingType)}.{MessageField}.{field.Index}");

    public string? Of(EnumDescriptor type) => At(Path(type));

    public string? Of(EnumValueDescriptor value) => At($"{Path(value.EnumDescriptor)}.{EnumValue}.{value.Index}");

    private string? At(string path) => _byPath.GetValueOrDefault(path);

    private static string Path(MessageDescriptor message) => $"{FileMessage}.{message.Index}";

    private static string Path(EnumDescriptor type) => type.ContainingType is { } message
        ? $"{Path(message)}.{MessageEnum}.{type.Index}"
        : $"{FileEnum}.{type.Index}";

    /// <summary>Lines break where the source was full, which means nothing elsewhere.</summary>
    private static string Unwrap(string comment) =>
        string.Join(' ', comment.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
}
