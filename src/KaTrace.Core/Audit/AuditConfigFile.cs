using System.Text.Json;

namespace KaTrace.Audit;

/// <summary>Reads an <see cref="AuditConfig"/>, strictly.</summary>
internal static class AuditConfigFile
{
    /// <exception cref="FormatException">One sentence names file, line and what is wrong.</exception>
    public static AuditConfig Parse(string file, string text)
    {
        try
        {
            AuditConfig config = JsonSerializer.Deserialize(text, AuditConfigJson.Default.AuditConfig)
                ?? throw new FormatException($"{file}: it holds null, not an object");
            Check(file, config);
            return config;
        }
        catch (JsonException e)
        {
            throw new FormatException($"{file}{(e.LineNumber is { } line ? $" line {line + 1}" : "")}: {Reason(e)}", e);
        }
    }

    private static void Check(string file, AuditConfig config)
    {
        IEnumerable<(string Path, string Id)> named =
        [
            .. (config.Rules ?? []).Select(id => ("rules", id)),
            .. (config.Disable ?? []).Select(id => ("disable", id)),
            .. (config.Severity?.Keys ?? Enumerable.Empty<string>()).Select(id => ("severity", id)),
        ];
        foreach ((string path, string id) in named)
        {
            if (!AuditRules.IsKnown(id))
                throw new FormatException($"{file}: {path}: there is no rule '{id}': {AuditRules.Names}");
        }

        foreach (string preset in config.Presets?.Keys ?? Enumerable.Empty<string>())
        {
            if (PathPresets.Find(preset) is null)
                throw new FormatException($"{file}: presets: there is no preset '{preset}': {string.Join(", ", PathPresets.All.Select(p => p.Name))}");
        }

        Positive(file, "limits.connections", config.Limits?.Connections, int.MaxValue);
        Positive(file, "limits.closeWait", config.Limits?.CloseWait, int.MaxValue);
        Positive(file, "limits.orphansPercent", config.Limits?.OrphansPercent, 100);
        Positive(file, "limits.descriptorsPercent", config.Limits?.DescriptorsPercent, 100);
    }

    private static void Positive(string file, string path, int? value, int most)
    {
        if (value is { } number && (number < 1 || number > most))
            throw new FormatException($"{file}: {path}: {number} is not from 1 to {most}");
    }

    /// <summary>Without what the serializer appends, and without the names of our types.</summary>
    private static string Reason(JsonException e)
    {
        string message = e.Message;
        int appended = message.IndexOf(" Path: ", StringComparison.Ordinal);
        if (appended >= 0)
            message = message[..appended];
        if (message.StartsWith("The JSON property '", StringComparison.Ordinal))
            return $"'{message.Split('\'')[1]}' is no setting";
        string where = e.Path is { Length: > 2 } path ? $"{path[2..]}: " : "";
        return message.Contains("could not be converted", StringComparison.Ordinal) ? $"{where}the value is of the wrong kind" : $"{where}{message.TrimEnd('.')}";
    }
}
