using System.Text.Json;
using System.Text.Json.Serialization;

namespace KaTrace.Audit;

/// <summary>Idle timeouts of well-known paths: <c>paths.json</c>, which is part of the assembly.</summary>
internal static class PathPresets
{
    private const string Resource = "paths.json";

    private static readonly Lazy<PathLimit[]> Loaded = new(Load);

    public static IReadOnlyList<PathLimit> All => Loaded.Value;

    public static PathLimit? Find(string name) => Array.Find(Loaded.Value, preset => preset.Name == name);

    private static PathLimit[] Load()
    {
        using Stream stream = typeof(PathPresets).Assembly.GetManifestResourceStream(Resource)!;
        return [.. JsonSerializer.Deserialize(stream, PathJson.Default.PathPresetArray)!
            .Select(p => new PathLimit(p.Name, TimeSpan.FromSeconds(p.Seconds), p.KeepaliveExtends, p.About, p.Source, p.AsOf))];
    }
}

/// <summary>An entry of <c>paths.json</c>.</summary>
internal sealed record PathPreset(string Name, int Seconds, bool KeepaliveExtends, string About, string Source, string? AsOf = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    ReadCommentHandling = JsonCommentHandling.Skip,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(PathPreset[]))]
internal sealed partial class PathJson : JsonSerializerContext;
