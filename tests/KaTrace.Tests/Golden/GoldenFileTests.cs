using System.Buffers;
using System.Text;
using Google.Protobuf;
using KaTrace.Events;
using KaTrace.Output;
using KaTrace.V1;

namespace KaTrace.Tests.Golden;

public sealed class GoldenFileTests
{
    [Theory]
    [InlineData("event.schema.json", typeof(Event))]
    [InlineData("connection.schema.json", typeof(Connection))]
    [InlineData("finding.schema.json", typeof(AuditFinding))]
    [InlineData("explanation.schema.json", typeof(SocketExplanation))]
    public void The_JSON_Schema_is_unchanged(string file, Type message)
    {
        ArrayBufferWriter<byte> schema = new();
        JsonSchema.Write(schema, ((IMessage)Activator.CreateInstance(message)!).Descriptor);
        GoldenFile.AssertSame(file, Encoding.UTF8.GetString(schema.WrittenSpan));
    }

    [Fact]
    public void The_JSON_line_of_each_kind_of_event_is_unchanged()
    {
        ArrayBufferWriter<byte> lines = new();
        WriteAll(new JsonEventWriter(lines, "node-1"));
        GoldenFile.AssertSame("events.jsonl", Encoding.UTF8.GetString(lines.WrittenSpan));
    }

    [Fact]
    public void The_compact_line_of_each_kind_of_event_is_unchanged()
    {
        ArrayBufferWriter<byte> lines = new();
        WriteAll(new CompactEventWriter(lines, TimeFormat.StampMilli, TimeZoneInfo.Utc));
        GoldenFile.AssertSame("events.compact.txt", Encoding.UTF8.GetString(lines.WrittenSpan));
    }

    [Fact]
    public void The_wide_line_of_each_kind_of_event_is_unchanged()
    {
        ArrayBufferWriter<byte> lines = new();
        WriteAll(new CompactEventWriter(lines, TimeFormat.RFC3339Nano, TimeZoneInfo.Utc, wide: true));
        GoldenFile.AssertSame("events.wide.txt", Encoding.UTF8.GetString(lines.WrittenSpan));
    }

    private static void WriteAll(IEventWriter writer)
    {
        ulong sequence = 0;
        RawEvent[] events =
        [
            Sample.Enabled, Sample.Disabled.OverIPv6(), Sample.Configured.OverMappedIPv4(), Sample.Armed,
            Sample.Probe, Sample.Timeout.OverIPv6(), Sample.Closed, Sample.Answered, Sample.Recovered, Sample.LocalDrop, Sample.Reset,
            Sample.Found, Sample.Orphaned,
        ];
        foreach (RawEvent raw in events)
        {
            EventRecord record = raw.ToRecord();
            writer.Write(in record, Sample.Redis, ++sequence, Sample.Clock);
        }

        EventRecord contained = Sample.Enabled.ToRecord();
        writer.Write(in contained, Sample.Shop, ++sequence, Sample.Clock);

        writer.WriteLost(Lost.Types.Place.KernelRing, 1234, Sample.Probe.TimeNs, ++sequence, Sample.Clock);
    }
}
