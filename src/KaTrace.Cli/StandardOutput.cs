using System.Buffers;
using System.Runtime.InteropServices;
using KaTrace.Cli.Streaming;
using KaTrace.Interop;
using Microsoft.Win32.SafeHandles;

namespace KaTrace.Cli;

/// <summary>Standard output for lines of UTF-8: gathered by the writers, written whole when a batch is through, by write(2), as
/// Console would swallow a closed pipe and FileStream keeps a file position of its own.</summary>
internal sealed class StandardOutput : IBufferWriter<byte>, IEventOutput, IDisposable
{
    private const int WriteOutAt = 128 * 1024;

    private readonly SafeFileHandle _handle = new(1, ownsHandle: false);
    private byte[] _buffer = new byte[2 * WriteOutAt];
    private int _length;

    /// <summary>Whoever read our output has gone: nothing more is written.</summary>
    public bool IsClosed { get; private set; }

    public void Advance(int count) => _length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _buffer.AsMemory(_length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _buffer.AsSpan(_length);
    }

    /// <summary>Looks whether anybody still reads, without writing: a quiet stream would not notice otherwise.</summary>
    public unsafe void LookForReader()
    {
        Libc.PollFd fd = new() { fd = 1 };
        if (Libc.poll(&fd, 1, 0) > 0 && (fd.revents & Libc.POLLERR) != 0)
            IsClosed = true;
    }

    /// <summary>Writes what is gathered, if it has become much. Only between lines.</summary>
    public void FlushIfLarge()
    {
        if (_length >= WriteOutAt)
            Flush();
    }

    /// <exception cref="IOException">The file system refused, for instance as the disk is full.</exception>
    public unsafe void Flush()
    {
        int written = 0;
        fixed (byte* data = _buffer)
        {
            while (written < _length && !IsClosed)
            {
                nint n = Libc.write(_handle, data + written, (nuint)(_length - written));
                if (n >= 0)
                {
                    written += (int)n;
                    continue;
                }

                int error = Marshal.GetLastPInvokeError();
                if (error == Libc.EPIPE)
                    IsClosed = true;
                else if (error == Libc.EAGAIN)
                    WaitUntilWritable();
                else if (error != Libc.EINTR)
                    throw new IOException($"cannot write to standard output: {Errno.Name(error)}");
            }
        }

        _length = 0;
    }

    public void Dispose() => _handle.Dispose();

    /// <summary>Someone else made the pipe or terminal non-blocking (it is shared with our parent).</summary>
    private static unsafe void WaitUntilWritable()
    {
        Libc.PollFd fd = new() { fd = 1, events = Libc.POLLOUT };
        _ = Libc.poll(&fd, 1, -1);
    }

    private void Reserve(int sizeHint)
    {
        if (_buffer.Length - _length < Math.Max(sizeHint, 1))
            Array.Resize(ref _buffer, Math.Max(2 * _buffer.Length, _length + sizeHint));
    }
}
