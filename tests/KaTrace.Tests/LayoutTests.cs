using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using KaTrace.Bpf;
using KaTrace.Events;
using KaTrace.Sockets;
using KaTrace.Tests.Btf;
using KaTrace.V1;

namespace KaTrace.Tests;

/// <summary>C# mirrors structs and enums of the BPF programs. The embedded object says itself what they are there.</summary>
public sealed class LayoutTests
{
    private static readonly BtfTypes Types = new(ElfFile.Section(BpfObjectImage.Katrace, ".BTF"));
    private static readonly BtfTypes SocketTypes = new(ElfFile.Section(BpfObjectImage.Sockets, ".BTF"));

    [Theory]
    [InlineData("katrace_event", typeof(EventRecord))]
    [InlineData("katrace_learned", typeof(KatraceLearned))]
    [InlineData("katrace_host", typeof(KatraceHost))]
    [InlineData("katrace_config", typeof(KatraceConfig))]
    [InlineData("katrace_filter", typeof(KatraceFilter))]
    [InlineData("katrace_filter_key", typeof(KatraceFilterKey))]
    [InlineData("cpu_counters", typeof(CpuCounters))]
    [InlineData("katrace_snapshot", typeof(KatraceSnapshot))]
    public void A_struct_has_the_same_fields_at_the_same_places(string name, Type mirror) => AssertSameStruct(Types, name, mirror);

    [Theory]
    [InlineData("katrace_socket", typeof(SocketRecord))]
    [InlineData("katrace_process", typeof(ProcessRecord))]
    [InlineData("katrace_holder", typeof(HolderRecord))]
    [InlineData("katrace_list_config", typeof(ListConfig))]
    [InlineData("katrace_listing", typeof(KaTrace.Sockets.Listing))]
    public void A_struct_of_the_list_has_the_same_fields_at_the_same_places(string name, Type mirror) => AssertSameStruct(SocketTypes, name, mirror);

    [Theory]
    [InlineData("katrace_socket_kind", "KATRACE_ROW_", typeof(SocketRecordKind))]
    [InlineData("katrace_socket_flag", "KATRACE_S_", typeof(SocketFlags))]
    public void An_enum_of_the_list_has_the_same_names_and_values(string name, string prefix, Type mirror) => AssertSameEnum(SocketTypes, name, prefix, mirror);

    private static void AssertSameStruct(BtfTypes types, string name, Type mirror)
    {
        BtfType type = types.Find(BtfKind.Struct, name);
        Field[] fields = [.. (IEnumerable<Field>)Invoke(nameof(FieldsOf), mirror)];
        Field[] expected = [.. type.Members.Select(m => new Field(Pascal(m.Name), m.Value / 8, types.SizeOf(m.Type)))];

        // C# may give padding a size instead of a name.
        if (!Array.Exists(fields, f => f.Name == "Pad"))
            expected = [.. expected.Where(f => f.Name != "Pad")];
        Assert.Equal(expected, fields);
        Assert.Equal(type.SizeOrType, (int)Invoke(nameof(SizeOf), mirror));
    }

    [Theory]
    [InlineData("katrace_kind", "KATRACE_", typeof(EventKind))]
    [InlineData("katrace_source", "KATRACE_SOURCE_", typeof(EventSource))]
    [InlineData("katrace_cause", "KATRACE_CAUSE_", typeof(EventCause))]
    [InlineData("katrace_flag", "KATRACE_F_", typeof(EventFlags))]
    [InlineData("katrace_holding", "KATRACE_H_", typeof(Holding))]
    [InlineData("katrace_setting", "KATRACE_SET_", typeof(KeepaliveSettings))]
    [InlineData("katrace_drop", "KATRACE_DROP_", typeof(KernelDrop))]
    [InlineData("katrace_field", "KATRACE_FIELD_", typeof(FilterField))]
    public void An_enum_has_the_same_names_and_values(string name, string prefix, Type mirror) => AssertSameEnum(Types, name, prefix, mirror);

    private static void AssertSameEnum(BtfTypes types, string name, string prefix, Type mirror)
    {
        Dictionary<string, int> values = Enum.GetNames(mirror)
            .ToDictionary(n => n, n => Convert.ToInt32(Enum.Parse(mirror, n), CultureInfo.InvariantCulture));
        Dictionary<string, int> expected = Values(types, name, prefix);
        expected.Remove("Reasons");
        expected.Remove("Count");
        if (mirror.IsDefined(typeof(FlagsAttribute)))
            expected.Add("None", 0);

        Assert.Equal(expected.OrderBy(v => v.Value), values.OrderBy(v => v.Value));
    }

    [Fact]
    public void As_many_drops_are_counted_as_there_are_reasons() =>
        Assert.Equal(KernelDropReasons.Count, Values("katrace_drop", "KATRACE_DROP_")["Reasons"]);

    [Fact]
    public void Each_kind_has_its_place_in_the_masks_of_the_filters() =>
        Assert.InRange(Enum.GetValues<EventKind>().Max(kind => (int)kind), 1, KatraceFilter.KindCount - 1);

    [Fact]
    public void Each_field_has_its_place_in_the_masks_of_the_filters() =>
        Assert.Equal(KatraceFilter.FieldCount, Enum.GetValues<FilterField>().Length);

    [Fact]
    public void Kinds_of_the_API_are_those_of_the_kernel_and_LOST()
    {
        Dictionary<string, int> expected = Values("katrace_kind", "KATRACE_");
        expected.Add(nameof(Event.Types.Kind.Unspecified), 0);
        expected.Add(nameof(Event.Types.Kind.Lost), 15);

        Assert.Equal(expected.OrderBy(v => v.Value), Enum.GetValues<Event.Types.Kind>().Select(k => KeyValuePair.Create($"{k}", (int)k)).OrderBy(v => v.Value));
    }

    private static Dictionary<string, int> Values(string name, string prefix) => Values(Types, name, prefix);

    private static Dictionary<string, int> Values(BtfTypes types, string name, string prefix) =>
        types.Find(BtfKind.Enum, name).Members.ToDictionary(m => Pascal(m.Name[prefix.Length..]), m => m.Value);

    /// <summary>cpu_seq and CPU_SEQ are CpuSeq.</summary>
    private static string Pascal(string name) =>
        string.Concat(name.Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..].ToLowerInvariant()));

    /// <summary>Where the runtime has really put them: each byte of the struct holds its own offset.</summary>
    private static IEnumerable<Field> FieldsOf<T>()
        where T : unmanaged
    {
        byte[] offsets = [.. Enumerable.Range(0, Unsafe.SizeOf<T>()).Select(i => checked((byte)i))];
        object numbered = MemoryMarshal.Read<T>(offsets);
        foreach (FieldInfo field in typeof(T).GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
        {
            byte[] bytes = (byte[])Invoke(nameof(BytesOf), field.FieldType, field.GetValue(numbered)!);
            yield return new Field(field.Name, bytes[0], bytes.Length);
        }
    }

    private static byte[] BytesOf<T>(object value)
        where T : unmanaged
    {
        T unboxed = (T)value;
        return MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in unboxed)).ToArray();
    }

    private static int SizeOf<T>() => Unsafe.SizeOf<T>();

    private static object Invoke(string generic, Type argument, params object[] values) =>
        typeof(LayoutTests).GetMethod(generic, BindingFlags.Static | BindingFlags.NonPublic)!.MakeGenericMethod(argument).Invoke(null, values)!;

    private readonly record struct Field(string Name, int Offset, int Size);
}
