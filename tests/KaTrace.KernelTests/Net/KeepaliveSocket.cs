using System.Globalization;
using System.Net;
using System.Net.Sockets;
using KaTrace.Events;

namespace KaTrace.KernelTests.Net;

/// <summary>setsockopt(2) and getsockopt(2) as C programs use them: the numbers, and the error of the kernel.</summary>
internal static class KeepaliveSocket
{
    public const int SOL_SOCKET = 1;
    public const int SO_KEEPALIVE = 9;
    public const int SOL_TCP = 6;
    public const int TCP_KEEPIDLE = 4;
    public const int TCP_KEEPINTVL = 5;
    public const int TCP_KEEPCNT = 6;
    public const int TCP_USER_TIMEOUT = 18;
    public const int TCP_REPAIR = 19;

    public static void Set(this Socket socket, int level, int option, int value) =>
        socket.SetRawSocketOption(level, option, BitConverter.GetBytes(value));

    public static int Get(this Socket socket, int level, int option)
    {
        byte[] value = new byte[4];
        socket.GetRawSocketOption(level, option, value);
        return BitConverter.ToInt32(value);
    }

    public static void SetKeepalive(this Socket socket, int idle, int interval, int count)
    {
        socket.Set(SOL_TCP, TCP_KEEPIDLE, idle);
        socket.Set(SOL_TCP, TCP_KEEPINTVL, interval);
        socket.Set(SOL_TCP, TCP_KEEPCNT, count);
        socket.Set(SOL_SOCKET, SO_KEEPALIVE, 1);
    }

    public static TcpState State(this Socket socket)
    {
        byte[] info = new byte[8];
        socket.GetRawSocketOption(SOL_TCP, 11 /* TCP_INFO */, info);
        return (TcpState)info[0];
    }

    /// <summary>From here on nothing that is sent to this socket reaches it: a filter of its own says no to everything.</summary>
    public static unsafe void TurnDeaf(this Socket socket)
    {
        ulong rejectAll = 6; // struct sock_filter { .code = BPF_RET | BPF_K, .k = 0 }
        byte[] program = new byte[16]; // struct sock_fprog
        program[0] = 1;
        BitConverter.TryWriteBytes(program.AsSpan(8), (ulong)&rejectAll);
        socket.SetRawSocketOption(SOL_SOCKET, 26 /* SO_ATTACH_FILTER */, program);
    }

    public static void HearAgain(this Socket socket) => socket.Set(SOL_SOCKET, 27 /* SO_DETACH_FILTER */, 0);

    /// <summary>Closed without a word to the peer, as if this host had lost the connection.</summary>
    public static void Forget(this Socket socket)
    {
        socket.Set(SOL_TCP, TCP_REPAIR, 1);
        socket.Dispose();
    }

    public static ulong Inode(this Socket socket)
    {
        string link = new FileInfo($"/proc/self/fd/{socket.SafeHandle.DangerousGetHandle()}").LinkTarget!;
        return ulong.Parse(link.AsSpan(link.IndexOf('[', StringComparison.Ordinal) + 1).TrimEnd(']'), CultureInfo.InvariantCulture);
    }

    public static ulong Cookie(this Socket socket)
    {
        byte[] value = new byte[8];
        socket.GetRawSocketOption(SOL_SOCKET, 57 /* SO_COOKIE */, value);
        return BitConverter.ToUInt64(value);
    }

    public static Socket Listen(this NetworkNamespace ns, string address)
    {
        IPAddress ip = IPAddress.Parse(address);
        Socket listener = ns.NewSocket(ip.AddressFamily);
        if (ip.AddressFamily == AddressFamily.InterNetworkV6)
            listener.DualMode = true;
        listener.Bind(new IPEndPoint(ip, 0));
        listener.Listen();
        return listener;
    }

    public static ushort LocalPort(this Socket socket) => (ushort)((IPEndPoint)socket.LocalEndPoint!).Port;
}
