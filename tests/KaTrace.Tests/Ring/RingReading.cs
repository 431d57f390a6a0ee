using System.IO.Pipelines;
using KaTrace.Ring;

namespace KaTrace.Tests.Ring;

/// <summary>What a reader of the ring does with each batch, for tests that look at the outcome only.</summary>
internal static class RingReading
{
    /// <summary>For waits that should not last at all.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    public static byte[] Payload(byte value, int length = 16)
    {
        byte[] payload = new byte[length];
        payload.AsSpan().Fill(value);
        return payload;
    }

    /// <summary>The payloads that a batch yields.</summary>
    public static List<byte[]> Frames(ReadOnlySpan<byte> batch, int most = int.MaxValue) => Frames(batch, most, out _);

    public static List<byte[]> Frames(ReadOnlySpan<byte> batch, int most, out int consumed)
    {
        List<byte[]> frames = [];
        FrameReader reader = new(batch);
        while (frames.Count < most && reader.TryRead(out ReadOnlySpan<byte> payload))
            frames.Add(payload.ToArray());
        consumed = reader.Consumed;
        return frames;
    }

    /// <summary>Takes what a batch yields and gives it back, examined to its end unless it was left early.</summary>
    public static List<byte[]> Take(PipeReader reader, ReadResult result, int most = int.MaxValue)
    {
        List<byte[]> frames = Frames(result.Buffer.FirstSpan, most, out int consumed);
        SequencePosition end = result.Buffer.GetPosition(consumed);
        reader.AdvanceTo(end, frames.Count < most ? result.Buffer.End : end);
        return frames;
    }

    /// <summary>One read, which has to be complete at once, as the type promises.</summary>
    public static ReadResult Read(PipeReader reader)
    {
        using CancellationTokenSource deadline = new(Deadline);
        return ReadUntil(reader, deadline.Token);
    }

    public static ReadResult ReadUntil(PipeReader reader, CancellationToken cancellationToken)
    {
        ValueTask<ReadResult> read = reader.ReadAsync(cancellationToken);
        if (!read.IsCompleted)
            Assert.Fail("A read has completed when it returns.");
        return read.IsCompletedSuccessfully ? read.Result : throw new OperationCanceledException();
    }
}
