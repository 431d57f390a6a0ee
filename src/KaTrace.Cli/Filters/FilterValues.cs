using Google.Protobuf.Reflection;
using KaTrace.Filters;
using KaTrace.V1;
using System.Globalization;

namespace KaTrace.Cli.Filters;

/// <summary>Reads the values of filter flags; each error is a sentence that names the value and says what is allowed.</summary>
internal static class FilterValues
{
    private const string Cgroup = "a cgroup is an id, a path, or a name below the cgroup v2 mount";
    private const string Netns = "a network namespace is an inode number, a path, or a name in /run/netns";

    public static IEnumerable<uint> Pids(string text) =>
        Numbers(text, 1, int.MaxValue, $"a process id is 1 to {int.MaxValue}");

    public static IEnumerable<uint> Ports(string text) => Numbers(text, 1, ushort.MaxValue, "a port is 1 to 65535");

    public static uint AtLeast(string text) => Number(text, 1, uint.MaxValue, "it is 1 or more");

    private static IEnumerable<EnumValueDescriptor> KindValues =>
        Event.Descriptor.EnumTypes.Single(type => type.Name == "Kind").Values.Where(value => value.Number != 0);

    public static IEnumerable<Event.Types.Kind> Kinds(string text) => Parts(text).Select(Kind);

    public static IEnumerable<string> Texts(string text, string what)
    {
        if (text.Length == 0)
            throw new FilterException($"'' is empty: {what}");
        return [text];
    }

    public static IEnumerable<string> Addresses(string text)
    {
        foreach (string part in Parts(text))
        {
            AddressRange.Parse(part);
            yield return part;
        }
    }

    public static IEnumerable<ulong> Cgroups(string text) => Parts(text).Select(CgroupId);

    /// <param name="text">Numbers.</param>
    /// <param name="one">What each is, for a sentence.</param>
    public static IEnumerable<ulong> Ids(string text, string one) => Parts(text).Select(part =>
        ulong.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out ulong id) && id > 0
            ? id
            : throw new FilterException($"bad value '{part}': {one} is 1 to {ulong.MaxValue}"));

    public static IEnumerable<uint> Namespaces(string text) => Parts(text).Select(Namespace);

    public static IEnumerable<string> Containers(string text) => Parts(text).Select(ContainerId);

    /// <summary>Kubernetes writes "containerd://ID".</summary>
    private static string ContainerId(string text)
    {
        int scheme = text.IndexOf("://", StringComparison.Ordinal);
        string id = scheme < 0 ? text : text[(scheme + 3)..];
        return Processes.Container.IsIdOrBeginning(id)
            ? id
            : throw new FilterException($"bad value '{text}': a container is given by its id, or how that begins: 1 to {Processes.Container.IdLength} of the digits 0-9 and a-f");
    }

    private static ulong CgroupId(string text)
    {
        if (text.Length > 0 && text.All(char.IsAsciiDigit))
        {
            return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong id) && id > 0
                ? id
                : throw new FilterException($"bad value '{text}': {Cgroup}; an id is 1 to {ulong.MaxValue}");
        }

        if (text.Length == 0 || text.Contains('\0', StringComparison.Ordinal))
            throw new FilterException($"bad value '{text}': {Cgroup}");
        return ControlGroup.TryGetId(text, out ulong found, out string error)
            ? found
            : throw new FilterException($"bad value '{text}': {error}; {Cgroup}");
    }

    private static uint Namespace(string text)
    {
        if (text.Length > 0 && text.All(char.IsAsciiDigit))
            return Number(text, 1, uint.MaxValue, $"{Netns}; an inode number is 1 to {uint.MaxValue}");
        if (text.Length == 0 || text.Contains('\0', StringComparison.Ordinal))
            throw new FilterException($"bad value '{text}': {Netns}");
        string path = text.Contains('/', StringComparison.Ordinal) ? text : $"/run/netns/{text}";
        return NetworkNamespace.TryGetInode(path, out uint inode, out string error)
            ? inode
            : throw new FilterException($"bad value '{text}': {path} {error}; {Netns}");
    }

    /// <summary>By the contract's names; LOCAL_DROP may be written local-drop.</summary>
    private static Event.Types.Kind Kind(string text)
    {
        string name = text.Replace('-', '_').ToUpperInvariant();
        EnumValueDescriptor? value = KindValues.FirstOrDefault(v => v.Name == name);
        return value is not null
            ? (Event.Types.Kind)value.Number
            : throw new FilterException($"bad value '{text}': a kind is one of {string.Join(", ", KindValues.Select(v => v.Name.ToLowerInvariant()))}");
    }

    private static IEnumerable<uint> Numbers(string text, uint min, uint max, string allowed) =>
        Parts(text).Select(part => Number(part, min, max, allowed));

    private static uint Number(string text, uint min, uint max, string allowed) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) && number >= min && number <= max
            ? number
            : throw new FilterException($"bad value '{text}': {allowed}");

    private static string[] Parts(string text) => text.Split(',', StringSplitOptions.TrimEntries);
}
