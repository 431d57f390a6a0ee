using System.Globalization;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KaTrace.Bpf;

/// <summary>Learns this kernel from a socket of our own: odd values are set on it and read back through BPF. That proves every
/// offset that CO-RE found before an event is trusted, and gives what no file tells: HZ, and the address of
/// <c>tcp_keepalive_timer</c>, which kallsyms may hide.</summary>
internal static class KernelSelfTest
{
    // Values that nothing else would have left there.
    private const int IdleSeconds = 1000;
    private const int IntervalSeconds = 11;
    private const int Count = 7;
    private const int UserTimeoutMs = 12345;

    /// <summary>Runs the test with a loaded object whose programs are not attached yet, and leaves it ready for them.</summary>
    /// <returns>Jiffies a second, and our process id in the initial pid namespace.</returns>
    /// <exception cref="BpfException">The kernel says something else than was set: nothing read from it can be trusted.</exception>
    public static (uint Hz, uint Tgid) Run(BpfObject bpf)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, IdleSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, IntervalSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Count);
        socket.SetRawSocketOption(6 /* SOL_TCP */, 18 /* TCP_USER_TIMEOUT */, BitConverter.GetBytes(UserTimeoutMs));
        KatraceHost host = new() { LearnIno = InodeOf(socket) };
        bpf.Map(".bss").Update(0u, host);
        using BpfLink iterator = bpf.Program("learn").AttachIterator((uint)Environment.ProcessId);

        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        KatraceLearned on = Read(iterator);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, false);
        KatraceLearned off = Read(iterator);

        host.Hz = on.Idle / IdleSeconds;
        host.KeepaliveTimerFn = on.KeepaliveTimerFn;
        host.WriteTimerFn = on.WriteTimerFn;
        Expect("TCP_KEEPIDLE", on.Idle, host.Hz * IdleSeconds);
        Expect("HZ, between 24 and 10,000", host.Hz is >= 24 and <= 10_000 ? 1u : 0u, 1);
        Expect("TCP_KEEPINTVL", on.Intvl, host.Hz * IntervalSeconds);
        Expect("TCP_KEEPCNT", on.Cnt, Count);
        Expect("TCP_USER_TIMEOUT", on.UserTimeout, UserTimeoutMs);
        Expect("SO_KEEPALIVE on", on.Keepalive, 1);
        Expect("SO_KEEPALIVE off", off.Keepalive, 0);
        Expect("timer function in kernel space", (uint)(host.KeepaliveTimerFn >> 63), 1);
        Expect("write timer function in kernel space", (uint)(host.WriteTimerFn >> 63), 1);
        Expect("write timer function, another one", host.WriteTimerFn == host.KeepaliveTimerFn ? 1u : 0u, 0);
        Expect("timer function unchanged", off.KeepaliveTimerFn == on.KeepaliveTimerFn ? 1u : 0u, 1);

        host.TickNs = 1_000_000_000 / host.Hz;
        bpf.Map(".bss").Update(0u, host);
        return (host.Hz, on.Tgid);
    }

    private static KatraceLearned Read(BpfLink link)
    {
        using Stream iterator = link.CreateIterator();
        Span<byte> buffer = stackalloc byte[Unsafe.SizeOf<KatraceLearned>()];
        if (iterator.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false) < buffer.Length)
            throw new BpfException("self-test failed: the kernel does not show our own socket");

        return MemoryMarshal.Read<KatraceLearned>(buffer);
    }

    private static void Expect(string what, uint actual, uint expected)
    {
        if (actual != expected)
            throw new BpfException(string.Create(CultureInfo.InvariantCulture,
                $"self-test failed: {what} of our own socket reads as {actual}, not {expected}; this kernel is laid out in a way that this version does not know, and tracing it would show wrong values"));
    }

    /// <summary>As the kernel names it in its records.</summary>
    public static ulong InodeOf(Socket socket)
    {
        string path = $"/proc/self/fd/{socket.SafeHandle.DangerousGetHandle()}";
        string target = new FileInfo(path).LinkTarget ?? throw new BpfException($"self-test failed: {path} cannot be read");
        return ulong.Parse(target.AsSpan(target.IndexOf('[', StringComparison.Ordinal) + 1).TrimEnd(']'), CultureInfo.InvariantCulture);
    }
}
