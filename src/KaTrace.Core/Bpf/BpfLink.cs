using System.Runtime.InteropServices;
using KaTrace.Interop;
using Microsoft.Win32.SafeHandles;

namespace KaTrace.Bpf;

/// <summary>A program's hold on its hook. Held by a descriptor only: it ends with the process, even by SIGKILL.</summary>
internal sealed class BpfLink : SafeHandle
{
    public BpfLink(nint link)
        : base(0, ownsHandle: true) => SetHandle(link);

    public override bool IsInvalid => handle == 0;

    /// <summary>One pass of an iterator: a file that runs the program for each object as it is read.</summary>
    public Stream CreateIterator()
    {
        int fd = Libbpf.bpf_iter_create(Libbpf.bpf_link__fd(handle));
        return fd >= 0
            ? new FileStream(new SafeFileHandle(fd, ownsHandle: true), FileAccess.Read, bufferSize: 0)
            : throw BpfAdvice.Explain("start an iterator", -fd);
    }

    /// <summary>One pass of an iterator, to its end.</summary>
    /// <returns>How many bytes the program wrote.</returns>
    public long RunIterator()
    {
        long written = 0;
        RunIterator(records =>
        {
            written += records.Length;
            return records.Length;
        });
        return written;
    }

    /// <summary>One pass of an iterator, to its end.</summary>
    /// <param name="read">Takes what the program wrote, in pieces, and says how much of it was whole: the rest comes again with
    /// the next piece. The memory is its only during the call.</param>
    public unsafe void RunIterator(Func<ReadOnlySpan<byte>, int> read)
    {
        const int BufferSize = 64 * 1024; // a read returns at most half of that, where pages have 4 KiB
        int fd = Libbpf.bpf_iter_create(Libbpf.bpf_link__fd(handle));
        if (fd < 0)
            throw BpfAdvice.Explain("start an iterator", -fd);

        using SafeFileHandle iterator = new(fd, ownsHandle: true);
        byte[] buffer = new byte[BufferSize];
        int length = 0;
        fixed (byte* start = buffer)
        {
            while (true)
            {
                nint more = Libc.read(iterator, start + length, (nuint)(BufferSize - length));
                int errno = Marshal.GetLastPInvokeError();
                if (more == 0)
                    return;
                if (more > 0)
                {
                    length += (int)more;
                    int taken = read(buffer.AsSpan(0, length));
                    buffer.AsSpan(taken, length - taken).CopyTo(buffer);
                    length -= taken;
                }
                else if (errno is not (Libc.EAGAIN or Libc.EINTR)) // EAGAIN: a million objects, and nothing written
                {
                    throw BpfAdvice.Explain("read an iterator", errno);
                }
            }
        }
    }

    protected override bool ReleaseHandle() => Libbpf.bpf_link__destroy(handle) == 0;
}
