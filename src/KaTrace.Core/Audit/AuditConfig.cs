using System.Text.Json;
using System.Text.Json.Serialization;
using KaTrace.Output;

namespace KaTrace.Audit;

/// <summary>The configuration file of <c>katrace audit</c>: JSON, comments allowed, everything optional.</summary>
internal sealed record AuditConfig
{
    public Severity? FailOn { get; init; }

    /// <summary>Only these rules; absent: all.</summary>
    public string[]? Rules { get; init; }

    /// <summary>All but these.</summary>
    public string[]? Disable { get; init; }

    /// <summary>By rule, where another severity than the rule's own is wanted.</summary>
    public Dictionary<string, Severity>? Severity { get; init; }

    public AuditLimitsConfig? Limits { get; init; }

    /// <summary>As <c>--path-timeout</c> takes them.</summary>
    public string[]? PathTimeouts { get; init; }

    /// <summary>Other times for the presets of <c>--path-timeout</c>, by name.</summary>
    public Dictionary<string, ConfigDuration>? Presets { get; init; }
}

/// <summary>Those of <see cref="AuditLimits"/> that are to be others.</summary>
internal sealed record AuditLimitsConfig
{
    public ConfigDuration? Silent { get; init; }

    public ConfigDuration? Detection { get; init; }

    public ConfigDuration? Eager { get; init; }

    public int? Connections { get; init; }

    public int? CloseWait { get; init; }

    public int? OrphansPercent { get; init; }

    public int? DescriptorsPercent { get; init; }

    public ConfigDuration? Exhaustion { get; init; }

    public AuditLimits Over(AuditLimits limits) => limits with
    {
        Silent = Silent?.Time ?? limits.Silent,
        Detection = Detection?.Time ?? limits.Detection,
        Eager = Eager?.Time ?? limits.Eager,
        Connections = Connections ?? limits.Connections,
        CloseWait = CloseWait ?? limits.CloseWait,
        OrphansPercent = OrphansPercent ?? limits.OrphansPercent,
        DescriptorsPercent = DescriptorsPercent ?? limits.DescriptorsPercent,
        Exhaustion = Exhaustion?.Time ?? limits.Exhaustion,
    };
}

/// <summary>A duration as flags take it: "1h30m".</summary>
[JsonConverter(typeof(ConfigDurationConverter))]
internal readonly record struct ConfigDuration(TimeSpan Time);

internal sealed class ConfigDurationConverter : JsonConverter<ConfigDuration>
{
    public override ConfigDuration Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        try
        {
            return reader.TokenType == JsonTokenType.String
                ? new ConfigDuration(DurationText.Parse(reader.GetString()!))
                : throw new JsonException("a duration is a string such as \"90s\" or \"1h30m\"");
        }
        catch (FormatException e)
        {
            throw new JsonException(e.Message, e);
        }
    }

    public override void Write(Utf8JsonWriter writer, ConfigDuration value, JsonSerializerOptions options) =>
        throw new NotSupportedException("the configuration is only read");
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true,
    AllowDuplicateProperties = false,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(AuditConfig))]
internal sealed partial class AuditConfigJson : JsonSerializerContext;
