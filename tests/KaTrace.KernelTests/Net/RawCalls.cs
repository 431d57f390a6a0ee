using System.Buffers.Binary;
using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace KaTrace.KernelTests.Net;

/// <summary>What .NET's sockets refuse to do, and the kernel does not.</summary>
internal static partial class RawCalls
{
    private const int AF_INET = 2;
    private const int SOCK_STREAM = 1;
    private const int SOCK_CLOEXEC = 0x80000;
    private const int IPPROTO_MPTCP = 262;

    /// <summary>connect(2) to AF_UNSPEC: the socket is as new, but for its options.</summary>
    public static void Disconnect(this Socket socket) => Connect(socket, new byte[16]);

    /// <summary>connect(2), also of a socket that was connected before.</summary>
    public static void ConnectAgain(this Socket socket, IPEndPoint endPoint)
    {
        byte[] address = new byte[16];
        BinaryPrimitives.WriteUInt16LittleEndian(address, AF_INET);
        BinaryPrimitives.WriteUInt16BigEndian(address.AsSpan(2), (ushort)endPoint.Port);
        endPoint.Address.TryWriteBytes(address.AsSpan(4), out _);
        Connect(socket, address);
    }

    public static Socket NewMptcpSocket(this NetworkNamespace ns) => ns.Run(() =>
    {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP);
        return fd >= 0 ? new Socket(new SafeSocketHandle(fd, ownsHandle: true)) : throw new Win32Exception();
    });

    /// <summary>Runs once on each CPU that this process may use, and says how many that are.</summary>
    public static int OnEachCpu(Action action)
    {
        const int MostCpus = 1024;
        int count = 0;
        Thread thread = new(() =>
        {
            byte[] all = new byte[MostCpus / 8];
            if (sched_getaffinity(0, (nuint)all.Length, all) < 0)
                throw new Win32Exception();
            for (int cpu = 0; cpu < MostCpus; cpu++)
            {
                byte bit = (byte)(1 << (cpu % 8));
                if ((all[cpu / 8] & bit) == 0)
                    continue;

                byte[] one = new byte[all.Length];
                one[cpu / 8] = bit;
                if (sched_setaffinity(0, (nuint)one.Length, one) != 0)
                    throw new Win32Exception();
                action();
                count++;
            }
        });
        thread.Start();
        thread.Join();
        return count;
    }

    /// <summary>accept(2), or accept4(2), which is what .NET calls.</summary>
    public static Socket RawAccept(this Socket listener, bool accept4)
    {
        int fd = accept4 ? RawCalls.accept4((int)listener.Handle, 0, 0, SOCK_CLOEXEC) : accept((int)listener.Handle, 0, 0);
        return fd >= 0 ? new Socket(new SafeSocketHandle(fd, ownsHandle: true)) : throw new Win32Exception();
    }

    /// <summary>A descriptor that lives on in the programs that this process starts.</summary>
    public static SafeSocketHandle Inheritable(this Socket socket)
    {
        int fd = dup((int)socket.Handle);
        return fd >= 0 ? new SafeSocketHandle(fd, ownsHandle: true) : throw new Win32Exception();
    }

    /// <summary>Two UNIX sockets, connected.</summary>
    public static (Socket, Socket) UnixPair()
    {
        int[] fds = new int[2];
        if (socketpair(1 /* AF_UNIX */, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
            throw new Win32Exception();
        return (new Socket(new SafeSocketHandle(fds[0], ownsHandle: true)), new Socket(new SafeSocketHandle(fds[1], ownsHandle: true)));
    }

    /// <summary>Sends a descriptor of <paramref name="passed"/> to whoever reads the other end (SCM_RIGHTS).</summary>
    public static unsafe void Pass(this Socket unixSocket, Socket passed)
    {
        byte data = 0;
        nint* iovec = stackalloc nint[] { (nint)(&data), 1 };
        nint* control = stackalloc nint[] { 20, 1 | ((nint)1 << 32), passed.Handle }; // cmsghdr: length, SOL_SOCKET and SCM_RIGHTS
        nint* message = stackalloc nint[] { 0, 0, (nint)iovec, 1, (nint)control, 24, 0 };
        if (sendmsg((int)unixSocket.Handle, message, 0) != 1)
            throw new Win32Exception();
    }

    private static void Connect(Socket socket, byte[] address)
    {
        if (connect((int)socket.Handle, address, address.Length) != 0)
            throw new Win32Exception();
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int sched_getaffinity(int thread, nuint size, byte[] cpus);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int sched_setaffinity(int thread, nuint size, byte[] cpus);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int accept(int fd, nint address, nint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int accept4(int fd, nint address, nint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int dup(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socketpair(int domain, int type, int protocol, int[] fds);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint sendmsg(int fd, void* message, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int connect(int fd, byte[] address, int length);
}
