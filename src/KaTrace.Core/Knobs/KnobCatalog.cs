using System.Text.Json;
using System.Text.Json.Serialization;

namespace KaTrace.Knobs;

/// <summary>The knobs that are known: <c>knobs.json</c>, which is part of the assembly.</summary>
internal static class KnobCatalog
{
    private const string Resource = "knobs.json";

    private static readonly Lazy<Knob[]> Loaded = new(Load);

    public static IReadOnlyList<Knob> All => Loaded.Value;

    /// <summary>Those of the first program that fits; null if it is not known.</summary>
    public static Knob? Find(ProgramNames program, ConnectionSide side, ushort remotePort) =>
        Array.Find(Loaded.Value, knob => knob.Fits(program, side, remotePort));

    private static Knob[] Load()
    {
        using Stream stream = typeof(KnobCatalog).Assembly.GetManifestResourceStream(Resource)!;
        return JsonSerializer.Deserialize(stream, KnobJson.Default.KnobArray)!;
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    ReadCommentHandling = JsonCommentHandling.Skip,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(Knob[]))]
internal sealed partial class KnobJson : JsonSerializerContext;
