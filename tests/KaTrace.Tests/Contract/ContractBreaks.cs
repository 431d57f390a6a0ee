using Google.Protobuf.Reflection;

namespace KaTrace.Tests.Contract;

/// <summary>What of a contract its users could not read any more, or would misread, by a newer one: a sentence each.</summary>
internal static class ContractBreaks
{
    public static IReadOnlyList<string> Find(FileDescriptorSet kept, FileDescriptorSet now)
    {
        Dictionary<string, DescriptorProto> messages = Messages(now).ToDictionary(m => m.Name, m => m.Message);
        Dictionary<string, EnumDescriptorProto> enums = Enums(now).ToDictionary(e => e.Name, e => e.Enum);
        Dictionary<string, MethodDescriptorProto> methods = Methods(now).ToDictionary(m => m.Name, m => m.Method);
        List<string> breaks = [];
        foreach ((string name, DescriptorProto message) in Messages(kept))
        {
            if (messages.TryGetValue(name, out DescriptorProto? newer))
                breaks.AddRange(Find(name, message, newer));
            else
                breaks.Add($"message {name} is gone");
        }

        foreach ((string name, EnumDescriptorProto values) in Enums(kept))
        {
            if (enums.TryGetValue(name, out EnumDescriptorProto? newer))
                breaks.AddRange(Find(name, values, newer));
            else
                breaks.Add($"enum {name} is gone");
        }

        foreach ((string name, MethodDescriptorProto method) in Methods(kept))
        {
            if (!methods.TryGetValue(name, out MethodDescriptorProto? newer))
                breaks.Add($"method {name} is gone");
            else if (!method.Equals(newer))
                breaks.Add($"method {name} takes or returns something else");
        }

        return breaks;
    }

    private static IEnumerable<string> Find(string name, DescriptorProto kept, DescriptorProto now)
    {
        foreach (FieldDescriptorProto field in kept.Field)
        {
            FieldDescriptorProto? newer = now.Field.FirstOrDefault(f => f.Number == field.Number);
            if (newer is null && !now.ReservedRange.Any(range => range.Start <= field.Number && field.Number < range.End))
                yield return $"{name}.{field.Name} is gone, and its number {field.Number} is not reserved";
            else if (newer is not null && Shape(kept, field) != Shape(now, newer))
                yield return $"field {field.Number} of {name} was {Shape(kept, field)} and is {Shape(now, newer)}";
        }
    }

    private static IEnumerable<string> Find(string name, EnumDescriptorProto kept, EnumDescriptorProto now)
    {
        foreach (EnumValueDescriptorProto value in kept.Value)
        {
            string? newer = now.Value.FirstOrDefault(v => v.Number == value.Number)?.Name;
            if (newer is null && !now.ReservedRange.Any(range => range.Start <= value.Number && value.Number <= range.End))
                yield return $"{name}.{value.Name} is gone, and its number {value.Number} is not reserved";
            else if (newer is not null && newer != value.Name)
                yield return $"value {value.Number} of {name} was {value.Name} and is {newer}";
        }
    }

    /// <summary>All that the wire or JSON depends on.</summary>
    private static string Shape(DescriptorProto message, FieldDescriptorProto field)
    {
        string oneof = field.HasOneofIndex ? $" of {message.OneofDecl[field.OneofIndex].Name}" : "";
        return $"{field.Label} {field.Type} {field.TypeName} {field.Name} ({field.JsonName}){oneof}";
    }

    private static IEnumerable<(string Name, DescriptorProto Message)> Messages(FileDescriptorSet set) =>
        set.File.SelectMany(file => file.MessageType.SelectMany(message => WithNested(file.Package, message)));

    private static IEnumerable<(string Name, DescriptorProto Message)> WithNested(string outer, DescriptorProto message) =>
        message.NestedType.SelectMany(nested => WithNested($"{outer}.{message.Name}", nested)).Prepend(($"{outer}.{message.Name}", message));

    private static IEnumerable<(string Name, EnumDescriptorProto Enum)> Enums(FileDescriptorSet set) =>
        set.File.SelectMany(file => file.EnumType.Select(e => ($"{file.Package}.{e.Name}", e)))
            .Concat(Messages(set).SelectMany(m => m.Message.EnumType.Select(e => ($"{m.Name}.{e.Name}", e))));

    private static IEnumerable<(string Name, MethodDescriptorProto Method)> Methods(FileDescriptorSet set) =>
        set.File.SelectMany(file => file.Service.SelectMany(service => service.Method.Select(m => ($"{file.Package}.{service.Name}.{m.Name}", m))));
}
