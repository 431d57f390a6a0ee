using System.Buffers;
using System.Text;
using CsCheck;
using Google.Protobuf;
using KaTrace.Events;
using KaTrace.Output;
using KaTrace.V1;

namespace KaTrace.Tests.Output;

public sealed class JsonEventWriterTests
{
    private const string Node = "node-\"1\"";

    [Fact]
    public void A_line_is_what_JsonFormatter_writes_for_the_equal_message()
    {
        Gen.Select(RandomEvents.Records, RandomEvents.Processes, RandomEvents.Occurrences, RandomEvents.Clocks)
            .Sample(
                (raw, process, occurrence, clock) =>
                {
                    EventRecord record = raw.ToRecord();
                    Event message = EventMessage.From(in record, process, occurrence, in clock, Node);
                    byte[] line = Line(writer => writer.Write(in record, process, occurrence, in clock));
                    AssertSame(message, line);
                },
                iter: 5_000);
    }

    [Fact]
    public void A_notice_of_loss_is_what_JsonFormatter_writes_for_the_equal_message()
    {
        Gen.Select(Gen.Int[0, 7], Gen.ULong, Gen.ULong[0, long.MaxValue / 2], RandomEvents.Sequences, RandomEvents.Clocks)
            .Sample(
                (place, count, time, sequence, clock) =>
                {
                    Lost.Types.Place lost = (Lost.Types.Place)place;
                    Event message = EventMessage.Lost(lost, count, time, sequence, in clock, Node);
                    byte[] line = Line(writer => writer.WriteLost(lost, count, time, sequence, in clock));
                    AssertSame(message, line);
                },
                iter: 500);
    }

    [Fact]
    public void A_line_holds_no_raw_control_or_format_character()
    {
        Gen.Select(RandomEvents.Records, RandomEvents.Processes).Sample(
            (raw, process) =>
            {
                EventRecord record = raw.ToRecord();
                byte[] line = Line(writer => writer.Write(in record, process, 1, Sample.Clock));
                SafeText.AssertSafe(line);
            },
            iter: 2_000);
    }

    [Fact]
    public void Writing_an_event_allocates_nothing()
    {
        EventRecord record = Sample.Probe.OverIPv6().ToRecord();
        ArrayBufferWriter<byte> output = new(8192);
        JsonEventWriter writer = new(output, Node);
        Allocation.AssertNone(() =>
        {
            output.ResetWrittenCount();
            writer.Write(in record, Sample.Redis, 1, Sample.Clock);
            writer.WriteLost(Lost.Types.Place.KernelRing, 1, 1, 2, Sample.Clock);
        });
    }

    private static byte[] Line(Action<JsonEventWriter> write)
    {
        ArrayBufferWriter<byte> output = new();
        write(new JsonEventWriter(output, Node));
        Assert.Equal((byte)'\n', output.WrittenSpan[^1]);
        return output.WrittenSpan[..^1].ToArray();
    }

    private static void AssertSame(Event message, byte[] line)
    {
        string expected = JsonFormatter.Default.Format(message);
        Assert.Equal(JsonTokens.Of(Encoding.UTF8.GetBytes(expected)), JsonTokens.Of(line));
        Assert.Equal(message, JsonParser.Default.Parse<Event>(Encoding.UTF8.GetString(line)));
    }
}
