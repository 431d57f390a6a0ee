using System.IO.Pipelines;
using KaTrace.Ring;

namespace KaTrace.Events;

/// <summary>The route from bytes to events: takes batches from a reader, finds frames, decodes them in place and hands each on.
/// The reader may be the kernel's ring or anything else that yields the same bytes.</summary>
internal sealed class EventPipeline(PipeReader reader)
{
    /// <summary>The ring's space is given back that often, so that the kernel has most of it while a long batch is worked on.</summary>
    private const int BatchBytes = 256 * 1024;

    /// <summary>Frames of a kind that this version does not know, or too short for a record.</summary>
    public ulong Undecodable { get; private set; }

    /// <summary>What the kernel numbered, and what of it came.</summary>
    public SequenceCheck Sequences { get; } = new();

    /// <summary>Works on the calling thread until the reader is completed.</summary>
    /// <exception cref="InvalidDataException">The bytes are no records: nothing behind them can be found.</exception>
    public void Run<TSink>(TSink sink)
        where TSink : IEventSink
    {
        while (true)
        {
            // A ring waits on this very thread, and so has always completed.
            ValueTask<ReadResult> read = reader.ReadAsync();
            ReadResult result = read.IsCompleted ? read.GetAwaiter().GetResult() : read.AsTask().GetAwaiter().GetResult();
            int consumed = Decode(result.Buffer.FirstSpan, sink, out bool stoppedEarly);
            SequencePosition end = result.Buffer.GetPosition(consumed);
            reader.AdvanceTo(end, stoppedEarly ? end : result.Buffer.End);
            sink.OnBatchEnd();
            if (result.IsCompleted && !stoppedEarly)
                return;
        }
    }

    private int Decode<TSink>(ReadOnlySpan<byte> batch, TSink sink, out bool stoppedEarly)
        where TSink : IEventSink
    {
        FrameReader frames = new(batch);
        while (frames.TryRead(out ReadOnlySpan<byte> frame))
        {
            if (EventDecoder.TryDecode(frame, out EventView view))
            {
                Sequences.Note(view.Record.Cpu, view.Record.CpuSeq);
                sink.OnEvent(in view.Record);
            }
            else
            {
                Undecodable++;
            }

            if (frames.Consumed >= BatchBytes)
            {
                stoppedEarly = true;
                return frames.Consumed;
            }
        }

        if (frames.IsTorn)
            throw new InvalidDataException("the ring buffer is damaged: a record claims more bytes than were written");

        stoppedEarly = false;
        return frames.Consumed;
    }
}
