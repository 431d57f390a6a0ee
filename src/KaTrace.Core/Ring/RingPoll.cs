using System.Diagnostics;
using System.Runtime.InteropServices;
using KaTrace.Interop;
using Microsoft.Win32.SafeHandles;

namespace KaTrace.Ring;

/// <summary>Sleeps in poll(2) on a BPF ring buffer, and can be interrupted through an eventfd.</summary>
/// <remarks>poll and not epoll: epoll reports the ring only after a wake-up by the kernel, poll looks at it each time, and
/// data committed without a wake-up is what a moderated reader has.</remarks>
internal sealed unsafe class RingPoll : IRingPoll
{
    private readonly int _ringFd;
    private readonly SafeFileHandle _interrupt;

    /// <param name="ringFd">The map's descriptor, which stays the caller's and has to outlive this. Negative: poll(2) leaves
    /// it out, for rings of plain memory.</param>
    public RingPoll(int ringFd)
    {
        _ringFd = ringFd;
        int fd = Libc.eventfd(0, Libc.EFD_NONBLOCK | Libc.EFD_CLOEXEC);
        if (fd < 0)
            throw new IOException($"eventfd: {Marshal.GetLastPInvokeErrorMessage()}");
        _interrupt = new SafeFileHandle(fd, ownsHandle: true);
    }

    /// <inheritdoc/>
    public long Timestamp => Stopwatch.GetTimestamp();

    /// <inheritdoc/>
    public bool WaitForRing(int timeoutMs)
    {
        Libc.PollFd* fds = stackalloc Libc.PollFd[2];
        fds[0] = Interruption();
        fds[1] = new Libc.PollFd { fd = _ringFd, events = Libc.POLLIN };
        Examine(Libc.poll(fds, 2, timeoutMs), "poll", fds);
        return (fds[1].revents & Libc.POLLIN) != 0;
    }

    /// <inheritdoc/>
    public void Sleep(long nanoseconds)
    {
        Libc.PollFd fd = Interruption();
        Libc.timespec timeout = new()
        {
            tv_sec = (nint)(nanoseconds / 1_000_000_000),
            tv_nsec = (nint)(nanoseconds % 1_000_000_000),
        };
        Examine(Libc.ppoll(&fd, 1, &timeout, null), "ppoll", &fd);
    }

    /// <inheritdoc/>
    public void Interrupt()
    {
        ulong one = 1;
        try
        {
            Libc.write(_interrupt, &one, sizeof(ulong));
        }
        catch (ObjectDisposedException)
        {
            // Whoever cancels need not know that the reader is gone.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _interrupt.Dispose();

    private Libc.PollFd Interruption() =>
        new() { fd = (int)_interrupt.DangerousGetHandle(), events = Libc.POLLIN };

    // An eventfd stays readable until it is read, and one interruption ends one sleep.
    private void Examine(int result, string call, Libc.PollFd* interruption)
    {
        if (result < 0 && Marshal.GetLastPInvokeError() != Libc.EINTR)
            throw new IOException($"{call} on the ring: {Marshal.GetLastPInvokeErrorMessage()}");
        if (result > 0 && (interruption->revents & Libc.POLLIN) != 0)
        {
            ulong count;
            Libc.read(_interrupt, &count, sizeof(ulong));
        }
    }
}
