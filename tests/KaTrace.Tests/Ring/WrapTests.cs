using KaTrace.Ring;
using static KaTrace.Tests.Ring.RingReading;

namespace KaTrace.Tests.Ring;

public sealed class WrapTests
{
    private const int Size = 4096;

    public static TheoryData<int> EveryPlaceNearTheEnd =>
        [.. Enumerable.Range(0, 20).Select(i => Size - 8 * i)];

    [Theory]
    [MemberData(nameof(EveryPlaceNearTheEnd))]
    public void A_record_over_the_end_of_the_ring_is_one_span(int start)
    {
        using PlainRing ring = new(Size, (ulong)start);
        RingPipeReader reader = new(ring.Memory, new RingWait(ring.Memory, new ScriptedPoll(ring)));
        byte[] payload = [.. Enumerable.Range(0, 128).Select(i => (byte)i)];
        ring.Produce(payload);
        ring.Produce(Payload(2));

        Assert.True(reader.TryRead(out var result));

        Assert.True(result.Buffer.IsSingleSegment);
        Assert.Equal([payload, Payload(2)], Take(reader, result));
    }

    [Fact]
    public void Positions_beyond_32_bits_are_read_like_any_other()
    {
        const ulong Start = (1UL << 40) + Size - 24;
        using PlainRing ring = new(Size, Start);
        RingPipeReader reader = new(ring.Memory, new RingWait(ring.Memory, new ScriptedPoll(ring)));

        for (byte i = 0; i < 200; i++)
        {
            Assert.NotNull(ring.Produce(Payload(i, 40)));
            Assert.True(reader.TryRead(out var result));
            Assert.Equal(Payload(i, 40), Assert.Single(Take(reader, result)));
        }

        Assert.Equal(Start + 200 * 48, ring.ProducerPosition);
        Assert.False(reader.TryRead(out _));
    }
}
