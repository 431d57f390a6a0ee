using System.IO.Pipelines;
using KaTrace.Ring;

namespace KaTrace.Benchmarks.Readers;

/// <summary>The ring as it is now, as a pipe that ends: the pipeline then returns where it would sleep.</summary>
internal sealed class DrainedPipe(RingPipeReader ring) : PipeReader
{
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        new(TryRead(out ReadResult result) ? result : new ReadResult(default, isCanceled: false, isCompleted: true));

    public override bool TryRead(out ReadResult result)
    {
        if (!ring.TryRead(out result))
            return false;
        result = new ReadResult(result.Buffer, result.IsCanceled, isCompleted: true);
        return true;
    }

    public override void AdvanceTo(SequencePosition consumed) => ring.AdvanceTo(consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => ring.AdvanceTo(consumed, examined);

    public override void CancelPendingRead() => ring.CancelPendingRead();

    public override void Complete(Exception? exception = null) => ring.Complete(exception);
}
