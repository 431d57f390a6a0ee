using System.Reflection;
using System.Runtime.CompilerServices;
using KaTrace.Events;

namespace KaTrace.Tests;

public sealed class RawEventTests
{
    [Fact]
    public void The_test_builder_has_the_fields_of_the_record_in_the_same_order()
    {
        Assert.Equal(Unsafe.SizeOf<EventRecord>(), Unsafe.SizeOf<RawEvent>());
        Assert.Equal(Fields(typeof(EventRecord)), Fields(typeof(RawEvent)));
    }

    private static IEnumerable<(string, Type)> Fields(Type type) =>
        type.GetFields(BindingFlags.Instance | BindingFlags.Public)
            .OrderBy(field => field.MetadataToken)
            .Select(field => (field.Name, field.FieldType));
}
