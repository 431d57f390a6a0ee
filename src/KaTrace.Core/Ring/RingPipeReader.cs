using System.Buffers;
using System.IO.Pipelines;

namespace KaTrace.Ring;

/// <summary>A BPF ring buffer as a <see cref="PipeReader"/>: a read leases the ring's own memory, from the consumer's to the
/// producer's position, and <see cref="AdvanceTo(SequencePosition, SequencePosition)"/> gives it back to the kernel.</summary>
/// <remarks>
/// <para><b>Threads.</b> Made for one dedicated thread, which reads, advances and completes. <see cref="ReadAsync"/> sleeps on
/// that thread and has always completed when it returns (a hop to the thread pool costs more than hundreds of records), so
/// never call it on a pool thread. <see cref="CancelPendingRead"/> and <see cref="Stop"/> may be called from any thread, at any
/// time, after <see cref="Complete"/> too.</para>
/// <para><b>Memory.</b> A batch is one segment, since the data is mapped twice in a row, and no read allocates. It is valid until
/// it is given back; completing unmaps it.</para>
/// <para><b>Content.</b> The bytes are records with their headers, as the kernel writes them, and the last ones may not be
/// committed yet: walk them with a <see cref="FrameReader"/>, and consume whole records only. With
/// <c>AdvanceTo(start of a busy record, end)</c> the next read waits until that record is committed, however much arrives behind
/// it. A large batch may be given back in parts, so that the kernel gets space sooner: <c>AdvanceTo(end of a record)</c> makes
/// the next read return the rest at once.</para>
/// </remarks>
internal sealed class RingPipeReader : PipeReader
{
    private const ulong None = ulong.MaxValue;

    private readonly RingMemory _memory;
    private readonly ReadOnlyMemory<byte> _data;
    private readonly RingWait _wait;

    private ulong _consumed;
    private ulong _leaseEnd;
    private bool _leased;
    private bool _completed;

    // All of the last batch was examined and some of it is left: more bytes behind it would be no news.
    private bool _awaitsHeader;

    // A record that was ready when it was last leased: if it is left again, the reader wants something else than its commit.
    private ulong _readyAt = None;

    private volatile bool _stopped;
    private int _canceled;

    /// <param name="memory">Unmapped on completion. Reading starts at its consumer's position.</param>
    /// <param name="wait">Over the same memory; disposed on completion.</param>
    public RingPipeReader(RingMemory memory, RingWait wait)
    {
        _memory = memory;
        _data = memory.Memory;
        _wait = wait;
        _consumed = _leaseEnd = memory.ReadConsumerPosition();
    }

    /// <summary>Wake-ups and sleeps so far, and the setting of the latter.</summary>
    public RingWait Wait => _wait;

    /// <summary>A read also returns, with <see cref="ReadResult.IsCanceled"/>, once a second while nothing comes: for whoever has
    /// something to do now and then, and would else need a timer to wake this thread, which wakes up anyway.</summary>
    public bool ReturnsWhenQuiet { get; set; }

    /// <summary>Opens the ring of a BPF map.</summary>
    /// <param name="mapFd">A BPF_MAP_TYPE_RINGBUF. Stays the caller's and has to stay open until completion.</param>
    /// <param name="size">Its max_entries.</param>
    /// <exception cref="IOException">The kernel refused to map it.</exception>
    public static RingPipeReader Open(int mapFd, int size)
    {
        RingMemory memory = RingMemory.Map(mapFd, size);
        try
        {
            return new RingPipeReader(memory, new RingWait(memory, new RingPoll(mapFd)));
        }
        catch
        {
            ((IDisposable)memory).Dispose();
            throw;
        }
    }

    /// <summary>Makes the read under way and every later one return at once, with
    /// <see cref="ReadResult.IsCompleted"/>. What was committed before is in it.</summary>
    public void Stop()
    {
        _stopped = true;
        _wait.Interrupt();
    }

    /// <summary>Makes the read under way, or else the next one, return at once with
    /// <see cref="ReadResult.IsCanceled"/>.</summary>
    public override void CancelPendingRead()
    {
        Volatile.Write(ref _canceled, 1);
        _wait.Interrupt();
    }

    /// <summary>Leases what is there now, if there is something new.</summary>
    /// <exception cref="InvalidOperationException">The last batch was not given back, or the reader is complete.</exception>
    public override bool TryRead(out ReadResult result)
    {
        if (_leased || _completed)
            ThrowNotReadable();

        // Before the producer's position: the last read after a stop then has all that came before the stop.
        bool stopped = _stopped;
        bool canceled = Volatile.Read(ref _canceled) != 0 && Interlocked.Exchange(ref _canceled, 0) != 0;

        ulong producer = _memory.ReadProducerPosition();
        if (!HasNews(producer) && !stopped && !canceled)
        {
            result = default;
            return false;
        }

        _leased = true;
        _leaseEnd = producer;
        ReadOnlyMemory<byte> batch = _data.Slice(_memory.IndexOf(_consumed), (int)(producer - _consumed));
        result = new ReadResult(new ReadOnlySequence<byte>(batch), canceled, stopped);
        return true;
    }

    /// <summary>Leases what is there, after sleeping on the caller's thread until there is something new, a cancel or a
    /// stop.</summary>
    /// <returns>Already completed.</returns>
    /// <exception cref="InvalidOperationException">The last batch was not given back, or the reader is complete.</exception>
    /// <exception cref="IOException">The kernel refused to poll the ring.</exception>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<ReadResult>(cancellationToken);
        return TryRead(out ReadResult result) ? new(result) : WaitAndRead(cancellationToken);
    }

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    /// <summary>Gives the batch back up to <paramref name="consumed"/>, the end of a record.</summary>
    /// <param name="consumed">The kernel may overwrite everything before it.</param>
    /// <param name="examined">The batch's end if only a commit of the record at <paramref name="consumed"/> can help.</param>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (!_leased)
            ThrowNotLeased();

        ulong consumedTo = PositionOf(consumed);
        ulong examinedTo = PositionOf(examined);
        if (consumedTo > examinedTo || consumedTo % RingLayout.Alignment != 0)
            ThrowNotInBatch(nameof(consumed));

        _leased = false;
        _consumed = consumedTo;
        _awaitsHeader = consumedTo != _leaseEnd && examinedTo == _leaseEnd;
        _wait.GiveBack(consumedTo);
    }

    /// <summary>Gives everything consumed back, unmaps the ring and closes the eventfd. Only the reading thread may call it;
    /// others <see cref="Stop"/> that thread first.</summary>
    public override void Complete(Exception? exception = null)
    {
        if (_completed)
            return;
        _completed = true;
        _leased = false;
        _wait.GiveBackAll(_consumed);
        _wait.Dispose();
        ((IDisposable)_memory).Dispose();
    }

    /// <summary>Not supported: a copy of the raw ring would hold records that are not committed.</summary>
    public override Task CopyToAsync(PipeWriter destination, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("Ring memory is to be read through a FrameReader.");

    /// <summary>Not supported: a copy of the raw ring would hold records that are not committed.</summary>
    public override Task CopyToAsync(Stream destination, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("Ring memory is to be read through a FrameReader.");

    private ValueTask<ReadResult> WaitAndRead(CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration registration =
            cancellationToken.UnsafeRegister(static wait => ((RingWait)wait!).Interrupt(), _wait);
        while (true)
        {
            WaitOnce();
            if (ReturnsWhenQuiet && _wait.WasQuiet)
                Volatile.Write(ref _canceled, 1);
            if (cancellationToken.IsCancellationRequested)
                return ValueTask.FromCanceled<ReadResult>(cancellationToken);
            if (TryRead(out ReadResult result))
                return new(result);
        }
    }

    private void WaitOnce()
    {
        if (!_awaitsHeader)
            _wait.ForData(_consumed);
        else if (_readyAt != _consumed)
            _wait.ForHeader(_consumed);
        else
            _wait.ForMore();
    }

    private bool HasNews(ulong producer)
    {
        if (!_awaitsHeader)
            return producer != _consumed;
        if (_readyAt == _consumed)
            return producer != _leaseEnd;
        if (RingLayout.IsBusy(_memory.ReadHeader(_consumed)))
            return false;
        _readyAt = _consumed;
        return true;
    }

    private ulong PositionOf(SequencePosition position)
    {
        int length = (int)(_leaseEnd - _consumed);
        int offset = position.GetInteger() - _memory.IndexOf(_consumed);
        if (position.GetObject() != _memory || (uint)offset > (uint)length)
            ThrowNotInBatch(nameof(position));
        return _consumed + (uint)offset;
    }

    private static void ThrowNotInBatch(string parameter) =>
        throw new ArgumentOutOfRangeException(parameter, "Not a position in the batch, or not the end of a record.");

    private static void ThrowNotLeased() =>
        throw new InvalidOperationException("There is no batch to give back.");

    private void ThrowNotReadable() => throw new InvalidOperationException(
        _completed ? "The reader is complete." : "The last batch has not been given back.");
}
