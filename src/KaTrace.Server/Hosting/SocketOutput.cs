using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace KaTrace.Server.Hosting;

/// <summary>What a connection sends, straight into its socket: a flush is one send(2) by whoever flushes, of one buffer.</summary>
/// <remarks>In place of the transport's own pipe, whose sender is a work item of its own: each flush then wakes another thread, and
/// hands the kernel a list of 4 KiB blocks. One thread at a time, as of any <see cref="PipeWriter"/>.</remarks>
/// <param name="socket">Of the connection; stays the caller's.</param>
/// <param name="pool">For its buffer, which it has only while it has something to send.</param>
/// <param name="broken">Told that nothing can be sent any more.</param>
internal sealed class SocketOutput(Socket socket, MemoryPool<byte> pool, Action broken) : PipeWriter
{
    private const int LeastBytes = 4096;

    private readonly Lock _lock = new();
    private IMemoryOwner<byte>? _owner;
    private Memory<byte> _buffer;
    private int _length;

    /// <summary>Of the last flush: the next one is likely to be as long.</summary>
    private int _usual = LeastBytes;

    private bool _isSending;
    private bool _isBroken;
    private TaskCompletionSource? _sent;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _length;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _buffer[_length..];
    }

    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _buffer.Span[_length..];
    }

    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)bytes, (uint)(_buffer.Length - _length), nameof(bytes));
        _length += bytes;
    }

    /// <summary>Completes when the kernel has it all. It cannot be cut short: half a frame is worse than none.</summary>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_length > 0 && !_isBroken)
        {
            _usual = _length;
            ValueTask<int> sending = Send();
            if (!sending.IsCompletedSuccessfully)
                return SendRestAsync(sending);
            _ = sending.Result; // a stream socket completes when all is sent
        }

        GiveBack();
        return new ValueTask<FlushResult>(new FlushResult(isCanceled: false, isCompleted: _isBroken));
    }

    /// <summary>Nothing to do: what was flushed is on its way, and <see cref="DrainAsync"/> sends the rest.</summary>
    public override void Complete(Exception? exception = null)
    {
    }

    /// <summary>Nothing to do: whoever cannot wait aborts the connection, which ends the flush.</summary>
    public override void CancelPendingFlush()
    {
    }

    /// <summary>Once nobody writes any more: completes when all is sent, or cannot be.</summary>
    public async Task DrainAsync()
    {
        Task? sent = null;
        lock (_lock)
        {
            if (_isSending)
                sent = (_sent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }

        if (sent is not null)
            await sent.ConfigureAwait(false);
        await FlushAsync(CancellationToken.None).ConfigureAwait(false);
    }

    private ValueTask<int> Send()
    {
        try
        {
            return socket.SendAsync(_buffer[.._length], SocketFlags.None);
        }
        catch (ObjectDisposedException e)
        {
            return ValueTask.FromException<int>(e);
        }
    }

    /// <summary>The kernel had no room.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<FlushResult> SendRestAsync(ValueTask<int> sending)
    {
        lock (_lock)
            _isSending = true;
        try
        {
            await sending.ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            _isBroken = true;
        }

        GiveBack();
        if (_isBroken)
            broken();
        lock (_lock)
        {
            _isSending = false;
            _sent?.TrySetResult();
        }

        return new FlushResult(isCanceled: false, isCompleted: _isBroken);
    }

    private void GiveBack()
    {
        IMemoryOwner<byte>? owner = _owner;
        (_owner, _buffer, _length) = (null, default, 0);
        owner?.Dispose();
    }

    private void Reserve(int sizeHint)
    {
        int needed = checked(_length + Math.Max(sizeHint, 1));
        if (needed <= _buffer.Length)
            return;
        int wanted = Math.Max(needed, _length == 0 ? _usual : 2 * _length);
        IMemoryOwner<byte> larger = wanted <= pool.MaxBufferSize ? pool.Rent(wanted) : MemoryPool<byte>.Shared.Rent(wanted);
        _buffer.Span[.._length].CopyTo(larger.Memory.Span);
        _owner?.Dispose();
        (_owner, _buffer) = (larger, larger.Memory);
    }
}
