using KaTrace.Ring;
using static KaTrace.Tests.Ring.RingReading;

namespace KaTrace.Tests.Ring;

public sealed class FrameWalkTests
{
    [Fact]
    public void An_empty_batch_yields_nothing()
    {
        FrameReader reader = new([]);

        Assert.False(reader.TryRead(out _));
        Assert.Equal(0, reader.Consumed);
        Assert.False(reader.IsAtBusyRecord);
        Assert.False(reader.IsTorn);
    }

    [Theory]
    [InlineData(0, 8)]
    [InlineData(1, 16)]
    [InlineData(8, 16)]
    [InlineData(20, 32)]
    [InlineData(128, 136)]
    public void A_record_takes_its_header_and_its_payload_rounded_up_to_eight(int length, int step)
    {
        using PlainRing ring = new(4096);
        ring.Produce(Payload(7, length));

        List<byte[]> frames = Frames(Leased(ring), int.MaxValue, out int consumed);

        Assert.Equal(Payload(7, length), Assert.Single(frames));
        Assert.Equal(step, consumed);
        Assert.Equal((ulong)step, ring.ProducerPosition);
    }

    [Fact]
    public void Nothing_at_or_behind_a_busy_record_is_handed_out()
    {
        using PlainRing ring = new(4096);
        ring.Produce(Payload(1));
        ulong busy = ring.Reserve(16)!.Value;
        ring.Produce(Payload(3));

        FrameReader reader = new(Leased(ring));

        Assert.True(reader.TryRead(out ReadOnlySpan<byte> payload));
        Assert.Equal(Payload(1), payload.ToArray());
        Assert.False(reader.TryRead(out _));
        Assert.True(reader.IsAtBusyRecord);
        Assert.Equal((int)busy, reader.Consumed);
        Assert.False(reader.TryRead(out _));
    }

    [Fact]
    public void A_discarded_record_is_skipped_and_consumed()
    {
        using PlainRing ring = new(4096);
        ring.Produce(Payload(1), discard: true);
        ring.Produce(Payload(2));
        ring.Produce(Payload(3), discard: true);
        ring.Produce(Payload(4), discard: true);
        ring.Produce(Payload(5));
        ring.Produce(Payload(6), discard: true);

        List<byte[]> frames = Frames(Leased(ring), int.MaxValue, out int consumed);

        Assert.Equal([Payload(2), Payload(5)], frames);
        Assert.Equal(ring.ProducerPosition, (ulong)consumed);
    }

    [Fact]
    public void A_busy_record_behind_a_discarded_one_stops_the_reading_all_the_same()
    {
        using PlainRing ring = new(4096);
        ring.Produce(Payload(1), discard: true);
        ulong busy = ring.Reserve(16)!.Value;

        FrameReader reader = new(Leased(ring));

        Assert.False(reader.TryRead(out _));
        Assert.True(reader.IsAtBusyRecord);
        Assert.Equal((int)busy, reader.Consumed);
    }

    [Theory]
    [InlineData(17u, "one step beyond the batch")]
    [InlineData(4096u, "a ring beyond the batch")]
    [InlineData(0x3FFF_FFFFu, "the longest length there is")]
    [InlineData(0x4000_0000u | 17, "discarded, one step beyond the batch")]
    [InlineData(0x7FFF_FFFFu, "discarded, the longest length there is")]
    public void A_header_that_claims_more_than_the_batch_holds_is_torn(uint header, string title)
    {
        using PlainRing ring = new(4096);
        ring.Produce(Payload(1));
        ulong torn = ring.Produce(Payload(2))!.Value;
        ring.Damage(torn, header);

        FrameReader reader = new(Leased(ring));

        Assert.True(reader.TryRead(out _));
        Assert.False(reader.TryRead(out _), title);
        Assert.True(reader.IsTorn, title);
        Assert.False(reader.IsAtBusyRecord);
        Assert.Equal((int)torn, reader.Consumed);
    }

    [Fact]
    public void A_batch_cut_within_a_header_is_torn()
    {
        using PlainRing ring = new(4096);
        ring.Produce(Payload(1));
        ring.Reserve(16);

        // Four bytes of the header are there: its flags are not the batch's to show.
        FrameReader reader = new(Leased(ring)[..28]);

        Assert.True(reader.TryRead(out _));
        Assert.False(reader.TryRead(out _));
        Assert.True(reader.IsTorn);
        Assert.False(reader.IsAtBusyRecord);
        Assert.Equal(24, reader.Consumed);
    }

    private static ReadOnlySpan<byte> Leased(PlainRing ring) =>
        ring.Memory.GetSpan()[..(int)ring.ProducerPosition];
}
