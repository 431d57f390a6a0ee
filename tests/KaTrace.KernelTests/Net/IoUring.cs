using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace KaTrace.KernelTests.Net;

/// <summary>One request at a time through io_uring(7): the calls are made by the kernel, not by a system call of this thread.</summary>
internal sealed unsafe partial class IoUring : IDisposable
{
    private const int EOPNOTSUPP = 95;
    private const int SysSetup = 425;
    private const int SysEnter = 426;
    private const uint IORING_ENTER_GETEVENTS = 1;
    private const int IORING_OFF_SQES = 0x10000000;
    private const byte IORING_OP_ACCEPT = 13;
    private const byte IORING_OP_URING_CMD = 46;
    private const uint SOCKET_URING_OP_SETSOCKOPT = 3;
    private const byte IOSQE_ASYNC = 1 << 4;
    private const int RingSize = 4096;
    private const int PROT_READ_WRITE = 3;
    private const int MAP_SHARED_POPULATE = 0x8001;

    private readonly int _fd;
    private readonly byte* _rings;
    private readonly byte* _sqe;
    private readonly Params _params;

    public IoUring()
    {
        Params parameters = default;
        _fd = (int)syscall(SysSetup, 1, (nint)(&parameters), 0, 0, 0, 0);
        if (_fd < 0)
            throw new Win32Exception();
        _params = parameters;
        _rings = mmap(0, RingSize, PROT_READ_WRITE, MAP_SHARED_POPULATE, _fd, 0);
        _sqe = mmap(0, RingSize, PROT_READ_WRITE, MAP_SHARED_POPULATE, _fd, IORING_OFF_SQES);
        if (_rings == (void*)-1 || _sqe == (void*)-1)
            throw new Win32Exception();
    }

    /// <summary>setsockopt of Linux 6.7; false before.</summary>
    /// <param name="byWorker">By a thread of the kernel's own, not by this one.</param>
    public bool TrySet(Socket socket, int level, int option, int value, bool byWorker = false)
    {
        new Span<byte>(_sqe, 64).Clear();
        _sqe[0] = IORING_OP_URING_CMD;
        _sqe[1] = byWorker ? IOSQE_ASYNC : (byte)0;
        *(int*)(_sqe + 4) = (int)socket.Handle;
        *(uint*)(_sqe + 8) = SOCKET_URING_OP_SETSOCKOPT;
        *(int*)(_sqe + 16) = level;
        *(int*)(_sqe + 20) = option;
        *(int*)(_sqe + 44) = sizeof(int);
        *(void**)(_sqe + 48) = &value;
        int result = Submit();
        return result == 0 || (result is -EOPNOTSUPP or -22 ? false : throw new Win32Exception(-result));
    }

    public Socket Accept(Socket listener)
    {
        new Span<byte>(_sqe, 64).Clear();
        _sqe[0] = IORING_OP_ACCEPT;
        *(int*)(_sqe + 4) = (int)listener.Handle;
        int fd = Submit();
        return fd >= 0 ? new Socket(new SafeSocketHandle(fd, ownsHandle: true)) : throw new Win32Exception(-fd);
    }

    public void Dispose()
    {
        _ = munmap(_rings, RingSize);
        _ = munmap(_sqe, RingSize);
        _ = close(_fd);
    }

    /// <returns>The request's own, a negative errno if it failed.</returns>
    private int Submit()
    {
        uint* tail = (uint*)(_rings + _params.SqTail);
        *(uint*)(_rings + _params.SqArray) = 0;
        Volatile.Write(ref *tail, *tail + 1);
        if (syscall(SysEnter, _fd, 1, 1, (nint)IORING_ENTER_GETEVENTS, 0, 0) < 0)
            throw new Win32Exception();
        uint* head = (uint*)(_rings + _params.CqHead);
        uint mask = *(uint*)(_rings + _params.CqMask);
        int result = *(int*)(_rings + _params.CqCqes + (16 * (*head & mask)) + 8);
        Volatile.Write(ref *head, *head + 1);
        return result;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint a, nint b, nint c, nint d, nint e, nint f);

    [LibraryImport("libc", SetLastError = true)]
    private static partial byte* mmap(nint address, nuint length, int protection, int flags, int fd, nint offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int munmap(void* address, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int fd);

    /// <summary>struct io_uring_params, with offsets into the mapping that both rings share (5.4).</summary>
    [StructLayout(LayoutKind.Explicit, Size = 120)]
    private struct Params
    {
        [FieldOffset(44)]
        public uint SqTail;
        [FieldOffset(64)]
        public uint SqArray;
        [FieldOffset(80)]
        public uint CqHead;
        [FieldOffset(88)]
        public uint CqMask;
        [FieldOffset(100)]
        public uint CqCqes;
    }
}
