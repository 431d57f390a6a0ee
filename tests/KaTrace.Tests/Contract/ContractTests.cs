using Google.Protobuf;
using Google.Protobuf.Reflection;
using KaTrace.Tests.Golden;
using KaTrace.V1;

namespace KaTrace.Tests.Contract;

/// <summary>Who was built with an older proto file goes on reading. <c>Golden/katrace.v1.binpb</c> is the contract as it was released;
/// with each release, and not to make a test pass, it is written anew by KATRACE_RELEASE_CONTRACT=1.</summary>
public sealed class ContractTests
{
    private static FileDescriptorSet Now()
    {
        FileDescriptorSet set = new();
        set.File.AddRange(KatraceReflection.Descriptor.Dependencies.Concat(ExplainReflection.Descriptor.Dependencies).Append(ExplainReflection.Descriptor).Append(KatraceReflection.Descriptor).Distinct()
            .Where(file => file.Package == "katrace.v1").Select(file => file.ToProto()));
        return set;
    }

    [Fact]
    public void Nothing_of_the_released_contract_has_changed()
    {
        if (Environment.GetEnvironmentVariable("KATRACE_RELEASE_CONTRACT") == "1")
            System.IO.File.WriteAllBytes(GoldenFile.PathOf("katrace.v1.binpb"), Now().ToByteArray());
        FileDescriptorSet released = FileDescriptorSet.Parser.ParseFrom(System.IO.File.ReadAllBytes(GoldenFile.PathOf("katrace.v1.binpb")));

        Assert.True(released.File.Count >= 3);
        Assert.Empty(ContractBreaks.Find(released, Now()));
    }

    /// <summary>A field by the name of a macro of libc is code that C++ does not take.</summary>
    [Fact]
    public void No_field_has_the_name_of_a_macro_of_C()
    {
        string[] macros = ["errno", "stdin", "stdout", "stderr", "major", "minor", "makedev", "unix", "linux", "assert", "signbit", "isnan", "isinf", "offsetof", "true", "false"];

        Assert.Empty(Now().File.SelectMany(file => file.MessageType).SelectMany(WithNested).SelectMany(message => message.Field).Select(field => field.Name).Intersect(macros));
    }

    private static IEnumerable<DescriptorProto> WithNested(DescriptorProto message) => message.NestedType.SelectMany(WithNested).Prepend(message);

    public static TheoryData<string, Action<FileDescriptorSet>> Breaks => new()
    {
        { "katrace.v1.Event.kind is gone", set => Message(set, "Event").Field.RemoveAt(0) },
        { "field 1 of katrace.v1.Event was", set => Message(set, "Event").Field[0].Name = "sort" },
        { "field 1 of katrace.v1.Socket was", set => Message(set, "Socket").Field[0].Type = FieldDescriptorProto.Types.Type.Int32 },
        { "field 4 of katrace.v1.Event was", set => Message(set, "Event").Field.Single(f => f.Number == 4).Label = FieldDescriptorProto.Types.Label.Repeated },
        { "message katrace.v1.Keepalive is gone", set => File(set, "Keepalive").MessageType.Remove(Message(set, "Keepalive")) },
        { "value 5 of katrace.v1.Event.Kind was PROBE and is KNOCK", set => Message(set, "Event").EnumType[0].Value.Single(v => v.Number == 5).Name = "KNOCK" },
        { "katrace.v1.Event.Kind.PROBE is gone", set => Message(set, "Event").EnumType[0].Value.Remove(Message(set, "Event").EnumType[0].Value.Single(v => v.Number == 5)) },
        { "method katrace.v1.Katrace.StreamEvents takes or returns something else", set => set.File[^1].Service[0].Method[0].ServerStreaming = false },
        { "method katrace.v1.Katrace.StreamEvents is gone", set => set.File[^1].Service[0].Method.RemoveAt(0) },
    };

    [Theory]
    [MemberData(nameof(Breaks))]
    public void A_break_is_told(string told, Action<FileDescriptorSet> change)
    {
        FileDescriptorSet changed = Now();
        change(changed);

        Assert.Contains(ContractBreaks.Find(Now(), changed), sentence => sentence.StartsWith(told, StringComparison.Ordinal));
    }

    [Fact]
    public void An_addition_is_no_break()
    {
        FileDescriptorSet added = Now();
        Message(added, "Event").Field.Add(new FieldDescriptorProto { Name = "novelty", Number = 500 });
        Message(added, "Event").EnumType[0].Value.Add(new EnumValueDescriptorProto { Name = "NOVELTY", Number = 16 });

        Assert.Empty(ContractBreaks.Find(Now(), added));
    }

    [Fact]
    public void A_field_may_go_where_its_number_is_reserved()
    {
        FileDescriptorSet reserved = Now();
        Message(reserved, "Event").Field.RemoveAt(0);
        Message(reserved, "Event").ReservedRange.Add(new DescriptorProto.Types.ReservedRange { Start = 1, End = 2 });

        Assert.Empty(ContractBreaks.Find(Now(), reserved));
    }

    private static FileDescriptorProto File(FileDescriptorSet set, string message) => set.File.Single(file => file.MessageType.Any(m => m.Name == message));

    private static DescriptorProto Message(FileDescriptorSet set, string name) => File(set, name).MessageType.Single(m => m.Name == name);
}
