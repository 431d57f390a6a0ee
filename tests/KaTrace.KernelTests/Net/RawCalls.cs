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

    private static void Connect(Socket socket, byte[] address)
    {
        if (connect((int)socket.Handle, address, address.Length) != 0)
            throw new Win32Exception();
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int connect(int fd, byte[] address, int length);
}
