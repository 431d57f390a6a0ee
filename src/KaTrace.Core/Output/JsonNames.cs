using System.Text;
using Google.Protobuf.Reflection;
using KaTrace.Events;
using KaTrace.V1;

namespace KaTrace.Output;

/// <summary>Names of enum values in proto3 JSON, quotes included, by number; empty where the contract names none.</summary>
/// <remarks>Taken from the descriptors, so that they cannot drift from the contract.</remarks>
internal static class JsonNames
{
    private static readonly byte[][] Kinds = Quoted("Event.Kind");
    private static readonly byte[][] Sources = Quoted("Event.Source");
    private static readonly byte[][] States = Quoted("Socket.State");
    private static readonly byte[][] Places = Quoted("Lost.Place");
    private static readonly byte[][] SettingLists = [.. Enumerable.Range(0, 16).Select(SettingList)];

    public static ReadOnlySpan<byte> Kind(int number) => At(Kinds, number);

    public static ReadOnlySpan<byte> Source(int number) => At(Sources, number);

    public static ReadOnlySpan<byte> State(int number) => At(States, number);

    public static ReadOnlySpan<byte> Place(int number) => At(Places, number);

    /// <summary>The list as a JSON array; empty if there is none. Bits of settings unknown to the contract are left out.</summary>
    public static ReadOnlySpan<byte> Settings(KeepaliveSettings settings) => SettingLists[(int)settings & 15];

    private static ReadOnlySpan<byte> At(byte[][] names, int number) =>
        (uint)number < (uint)names.Length ? names[number] : [];

    private static byte[] SettingList(int settings)
    {
        string names = string.Join(',', SettingMessages.List((KeepaliveSettings)settings)
            .Select(setting => Encoding.UTF8.GetString(Quoted("Setting")[(int)setting])));
        return names.Length == 0 ? [] : Encoding.UTF8.GetBytes($"[{names}]");
    }

    private static byte[][] Quoted(string name)
    {
        EnumDescriptor type = Find(name);
        byte[][] quoted = [.. Enumerable.Repeat(Array.Empty<byte>(), type.Values.Max(value => value.Number) + 1)];
        foreach (EnumValueDescriptor value in type.Values)
            quoted[value.Number] = Encoding.UTF8.GetBytes($"\"{value.Name}\"");
        return quoted;
    }

    private static EnumDescriptor Find(string name)
    {
        string fullName = $"katrace.v1.{name}";
        FileDescriptor file = EventReflection.Descriptor;
        return file.EnumTypes.Concat(file.MessageTypes.SelectMany(message => message.EnumTypes))
            .Single(type => type.FullName == fullName);
    }
}
