using CsCheck;
using Google.Protobuf;
using KaTrace.Events;
using KaTrace.Output;
using KaTrace.Processes;
using KaTrace.V1;

namespace KaTrace.Tests.Output;

public sealed class ProtoEventWriterTests
{
    [Fact]
    public void An_event_is_read_back_as_the_equal_message()
    {
        Gen.Select(RandomEvents.Records, RandomEvents.Processes, RandomEvents.Occurrences, RandomEvents.Clocks)
            .Sample(
                (raw, process, occurrence, clock) =>
                {
                    EventRecord record = raw.ToRecord();
                    byte[] buffer = new byte[ProtoEventWriter.MaxLength(process)];
                    int length = ProtoEventWriter.Write(buffer, in record, process, occurrence, in clock);
                    Event message = EventMessage.From(in record, process, occurrence, in clock, ""), read = Only(buffer.AsSpan(0, length));
                    Assert.Equal(message, read);
                    Assert.Equal(message.ToByteArray(), read.ToByteArray()); // equal messages may differ in what is absent and what is 0
                },
                iter: 5_000);
    }

    [Fact]
    public void A_notice_of_loss_is_read_back_as_the_equal_message()
    {
        Gen.Select(Gen.Int[0, 9], Gen.ULong, Gen.ULong[0, long.MaxValue / 2], RandomEvents.Sequences, RandomEvents.Clocks)
            .Sample(
                (place, count, time, sequence, clock) =>
                {
                    byte[] buffer = new byte[ProtoEventWriter.MaxLength(null)];
                    int length = ProtoEventWriter.WriteLost(buffer, (Lost.Types.Place)place, count, time, sequence, in clock);
                    Assert.Equal(EventMessage.Lost((Lost.Types.Place)place, count, time, sequence, in clock, ""), Only(buffer.AsSpan(0, length)));
                },
                iter: 500);
    }

    [Fact]
    public void A_process_with_the_longest_texts_fits()
    {
        EventRecord record = Sample.Probe.OverIPv6().ToRecord();
        ProcessIdentity process = Sample.Process(520, 1, "redis-server"u8, new string('\ufffd', 40_000));
        byte[] buffer = new byte[ProtoEventWriter.MaxLength(process)];

        int length = ProtoEventWriter.Write(buffer, in record, process, 1, Sample.Clock);

        Assert.Equal(process.Details!.CommandLine, Only(buffer.AsSpan(0, length)).Process.CommandLine);
    }

    [Fact]
    public void Events_side_by_side_are_a_batch()
    {
        EventRecord probe = Sample.Probe.ToRecord(), answered = Sample.Answered.ToRecord();
        byte[] buffer = new byte[4096];
        int length = ProtoEventWriter.Write(buffer, in probe, Sample.Redis, 1, Sample.Clock);
        length += ProtoEventWriter.WriteLost(buffer.AsSpan(length), Lost.Types.Place.KernelRing, 3, 5, 2, Sample.Clock);
        length += ProtoEventWriter.Write(buffer.AsSpan(length), in answered, null, 3, Sample.Clock);

        Assert.Equal([1ul, 2, 3], EventBatch.Parser.ParseFrom(buffer, 0, length).Events.Select(e => e.Sequence));
    }

    [Fact]
    public void Writing_an_event_allocates_nothing()
    {
        EventRecord record = Sample.Probe.OverIPv6().ToRecord();
        byte[] buffer = new byte[4096];
        Allocation.AssertNone(() =>
        {
            ProtoEventWriter.Write(buffer, in record, Sample.Redis, 1, Sample.Clock);
            ProtoEventWriter.WriteLost(buffer, Lost.Types.Place.KernelRing, 1, 1, 2, Sample.Clock);
        });
    }

    private static Event Only(ReadOnlySpan<byte> batch) => EventBatch.Parser.ParseFrom(batch).Events.Single();
}
