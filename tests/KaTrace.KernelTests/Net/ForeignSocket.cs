using System.Buffers.Binary;
using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace KaTrace.KernelTests.Net;

/// <summary>A socket of any process, to be asked by getsockopt(2): pidfd_getfd(2) gives a descriptor of it.</summary>
internal static partial class ForeignSocket
{
    // asm-generic/unistd.h, the same on all architectures
    private const nint PidfdOpen = 434;
    private const nint PidfdGetfd = 438;

    /// <summary>sizeof(struct sockaddr_in6)</summary>
    private const int AddressSize = 28;

    public static Socket Open(uint pid, int fd)
    {
        nint process = syscall(PidfdOpen, (nint)pid, 0, 0);
        if (process < 0)
            throw new Win32Exception();
        nint descriptor = syscall(PidfdGetfd, process, fd, 0);
        int errno = Marshal.GetLastPInvokeError();
        _ = close((int)process);
        return descriptor >= 0 ? new Socket(new SafeSocketHandle(descriptor, ownsHandle: true)) : throw new Win32Exception(errno);
    }

    /// <summary>Bytes received and not read, or sent and not acknowledged.</summary>
    public static int Queue(this Socket socket, bool received)
    {
        const nuint SiocInq = 0x541B, SiocOutq = 0x5411;
        int bytes = 0;
        return ioctl((int)socket.Handle, received ? SiocInq : SiocOutq, ref bytes) == 0 ? bytes : throw new Win32Exception();
    }

    /// <summary>getsockname(2): .NET remembers what it was when it looked first.</summary>
    public static IPEndPoint Name(this Socket socket)
    {
        byte[] address = new byte[AddressSize];
        int length = address.Length;
        return getsockname((int)socket.Handle, address, ref length) == 0 ? Parse(address) : throw new Win32Exception();
    }

    /// <summary>getpeername(2); null: it is not connected.</summary>
    public static IPEndPoint? PeerName(this Socket socket)
    {
        byte[] address = new byte[AddressSize];
        int length = address.Length;
        return getpeername((int)socket.Handle, address, ref length) == 0 ? Parse(address) : null;
    }

    private static IPEndPoint Parse(byte[] address)
    {
        ushort port = BinaryPrimitives.ReadUInt16BigEndian(address.AsSpan(2));
        return BitConverter.ToUInt16(address) == 2 // AF_INET
            ? new IPEndPoint(new IPAddress(address.AsSpan(4, 4)), port)
            : new IPEndPoint(new IPAddress(address.AsSpan(8, 16)), port);
    }

    /// <summary>Inode of its network namespace.</summary>
    public static uint Netns(this Socket socket)
    {
        const nuint SiocGskns = 0x894C;
        int none = 0;
        int fd = ioctl((int)socket.Handle, SiocGskns, ref none);
        if (fd < 0)
            throw new Win32Exception();
        string link = new FileInfo($"/proc/self/fd/{fd}").LinkTarget!;
        _ = close(fd);
        return uint.Parse(link.AsSpan("net:[".Length).TrimEnd(']'), System.Globalization.CultureInfo.InvariantCulture);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint a, nint b, nint c);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int fd, nuint request, ref int value);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getsockname(int fd, [Out] byte[] address, ref int length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getpeername(int fd, [Out] byte[] address, ref int length);

    [LibraryImport("libc")]
    private static partial int close(int fd);
}
