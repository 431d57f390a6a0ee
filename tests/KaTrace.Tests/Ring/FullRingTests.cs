using KaTrace.Ring;
using static KaTrace.Tests.Ring.RingReading;

namespace KaTrace.Tests.Ring;

public sealed class FullRingTests
{
    // As in the kernel: at most size - 1 bytes, so 127 records of 32.
    private const int Size = 4096;
    private const int Records = 127;

    [Fact]
    public void A_full_ring_is_one_batch()
    {
        using PlainRing ring = new(Size, 1000 * 8);
        RingPipeReader reader = Reader(ring);
        FillUp(ring);

        Assert.True(reader.TryRead(out var result));

        Assert.Equal(Records * 32, result.Buffer.Length);
        Assert.Equal(Records, Take(reader, result).Count);
    }

    [Fact]
    public void No_space_comes_back_before_the_batch_is_given_back()
    {
        using PlainRing ring = new(Size);
        RingPipeReader reader = Reader(ring);
        FillUp(ring);

        Assert.True(reader.TryRead(out var result));
        Assert.Equal(Records, Frames(result.Buffer.FirstSpan).Count);
        Assert.Null(ring.Reserve(20));

        reader.AdvanceTo(result.Buffer.End);
        Assert.NotNull(ring.Reserve(20));
    }

    [Fact]
    public void A_batch_given_back_in_parts_gives_space_for_each_part_and_returns_the_rest_at_once()
    {
        using PlainRing ring = new(Size);
        RingPipeReader reader = Reader(ring);
        FillUp(ring);

        Assert.True(reader.TryRead(out var result));
        Assert.Equal(10, Take(reader, result, most: 10).Count);

        // One of the ten has to stay: the bytes held back are in it.
        for (int i = 0; i < 9; i++)
            Assert.NotNull(ring.Produce(Payload(2, 20)));
        Assert.True(reader.TryRead(out result));
        Assert.Equal(Records - 10 + 9, Take(reader, result).Count);
    }

    [Fact]
    public void A_reader_that_has_caught_up_holds_back_eight_bytes_and_no_more()
    {
        using PlainRing ring = new(Size);
        RingPipeReader reader = Reader(ring);
        FillUp(ring);
        Assert.True(reader.TryRead(out var result));
        Take(reader, result);

        Assert.Null(ring.Reserve(Size - 16));
        Assert.NotNull(ring.Reserve(Size - 24));
    }

    private static RingPipeReader Reader(PlainRing ring) =>
        new(ring.Memory, new RingWait(ring.Memory, new ScriptedPoll(ring)));

    private static void FillUp(PlainRing ring)
    {
        int written = 0;
        while (ring.Produce(Payload(1, 20)) is not null)
            written++;
        Assert.Equal(Records, written);
    }
}
