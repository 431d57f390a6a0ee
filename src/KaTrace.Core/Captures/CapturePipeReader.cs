using System.Buffers;
using System.IO.Pipelines;

namespace KaTrace.Captures;

/// <summary>A capture as a <see cref="PipeReader"/>, which a pipeline cannot tell from a ring that is stopped: the same frames, as
/// many as a block has at a time.</summary>
/// <remarks>For one thread, which it reads the file on; <see cref="Stop"/> and <see cref="CancelPendingRead"/> are for any. Reads are
/// complete when they return. A batch is valid until it is given back.</remarks>
internal sealed class CapturePipeReader(Capture capture) : PipeReader
{
    private ReadOnlyMemory<byte> _left;
    private bool _inBlock;
    private bool _ended;
    private volatile bool _stopped;
    private int _canceled;

    /// <summary>True once a block: all its records were taken, and its losses come next.</summary>
    public bool TryEndBlock()
    {
        bool ends = _inBlock && _left.IsEmpty;
        _inBlock &= !ends;
        return ends;
    }

    /// <summary>Makes every later read return nothing, with <see cref="ReadResult.IsCompleted"/>.</summary>
    public void Stop() => _stopped = true;

    /// <inheritdoc/>
    public override void CancelPendingRead() => Volatile.Write(ref _canceled, 1);

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">The capture is damaged.</exception>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<ReadResult>(cancellationToken);
        TryRead(out ReadResult result);
        return new(result);
    }

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        bool canceled = Interlocked.Exchange(ref _canceled, 0) != 0;
        if (_stopped)
            _left = default;
        else if (_left.IsEmpty && !canceled && !_ended)
            _ended = !(_inBlock = capture.TryReadRecords(out _left));
        result = new ReadResult(new ReadOnlySequence<byte>(_left), canceled, _stopped || _ended);
        return true;
    }

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) =>
        _left = _left[(int)new ReadOnlySequence<byte>(_left).Slice(0, consumed).Length..];

    /// <summary>The capture stays the caller's.</summary>
    public override void Complete(Exception? exception = null) => _left = default;
}
