using System.Runtime.InteropServices;
using KaTrace.Ring;

namespace KaTrace.KernelTests.Ring;

/// <summary>Takes records of ringfill from batches and finds any that is lost, doubled, out of order or torn.</summary>
/// <param name="producers">Their ids are 0, 1, and so on.</param>
/// <param name="discardEvery">Numbers that do not come because they were discarded; 0: all come.</param>
internal sealed class RecordCheck(int producers, long discardEvery = 0)
{
    // As the product's own pipeline: the producers get space before a long batch is done.
    private const int BatchBytes = 256 * 1024;

    private const int RecordBytes = 128;

    private readonly long[] _next = new long[producers];

    /// <summary>Batches that ended at a record under way.</summary>
    public long BusyStops { get; private set; }

    /// <summary>Numbers behind us, discarded ones among them.</summary>
    public long Done(int producer) => Skip(_next[producer]);

    /// <returns>How much of the batch was consumed.</returns>
    public int Take(ReadOnlySpan<byte> batch, out bool stoppedEarly)
    {
        FrameReader frames = new(batch);
        while (frames.TryRead(out ReadOnlySpan<byte> frame))
        {
            Check(frame);
            stoppedEarly = frames.Consumed >= BatchBytes;
            if (stoppedEarly)
                return frames.Consumed;
        }

        Assert.False(frames.IsTorn);
        if (frames.IsAtBusyRecord)
            BusyStops++;
        stoppedEarly = false;
        return frames.Consumed;
    }

    private void Check(ReadOnlySpan<byte> frame)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(frame);
        ulong checksum = 0;
        foreach (ulong word in words)
            checksum ^= word;
        if (frame.Length != RecordBytes || checksum != 0)
            Assert.Fail($"A torn record of {frame.Length} bytes, after {string.Join(", ", _next)}.");

        int producer = (int)words[0];
        long expected = Skip(_next[producer]);
        if ((long)words[1] != expected)
            Assert.Fail($"Record {words[1]} of producer {producer} came instead of {expected}.");
        _next[producer] = expected + 1;
    }

    private long Skip(long number) => discardEvery != 0 && number % discardEvery == 0 ? number + 1 : number;
}
