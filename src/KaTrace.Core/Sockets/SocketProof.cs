using System.Globalization;
using System.Net.Sockets;
using KaTrace.Bpf;
using KaTrace.Events;

namespace KaTrace.Sockets;

/// <summary>Two sockets of our own with odd values, which every pass meets as it meets all others: what it says of them proves
/// the offsets that CO-RE found in this kernel, and gives HZ. See <see cref="KernelSelfTest"/>.</summary>
internal sealed class SocketProof : IDisposable
{
    private const int IdleSeconds = 1000;
    private const int IntervalSeconds = 11;
    private const int Count = 7;
    private const int UserTimeoutMs = 12345;

    private readonly Socket _on = NewSocket();
    private readonly Socket _off = NewSocket();
    private readonly ulong _onIno;
    private readonly ulong _offIno;
    private SocketRecord? _seenOn;
    private SocketRecord? _seenOff;

    public SocketProof()
    {
        _on.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, IdleSeconds);
        _on.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, IntervalSeconds);
        _on.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Count);
        _on.SetRawSocketOption(6 /* SOL_TCP */, 18 /* TCP_USER_TIMEOUT */, BitConverter.GetBytes(UserTimeoutMs));
        _on.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        (_onIno, _offIno) = (KernelSelfTest.InodeOf(_on), KernelSelfTest.InodeOf(_off));
    }

    /// <summary>Jiffies a second. Of a pass that is through.</summary>
    /// <exception cref="BpfException">The kernel says something else than was set: nothing read from it can be trusted.</exception>
    public uint Hz
    {
        get
        {
            if (_seenOn is not { } on || _seenOff is not { } off)
                throw new BpfException("self-test failed: the kernel does not show our own sockets");
            uint hz = on.Idle / IdleSeconds;
            Expect("HZ, between 24 and 10,000", hz is >= 24 and <= 10_000 ? 1u : 0u, 1);
            Expect("TCP_KEEPIDLE", on.Idle, hz * IdleSeconds);
            Expect("TCP_KEEPINTVL", on.Intvl, hz * IntervalSeconds);
            Expect("TCP_KEEPCNT", on.Cnt, Count);
            Expect("TCP_USER_TIMEOUT", on.UserTimeout, UserTimeoutMs);
            Expect("which settings are set", (uint)on.Own, 15);
            Expect("which settings are set by default", (uint)off.Own, 0);
            Expect("SO_KEEPALIVE on", (uint)(on.Flags & SocketFlags.Keepalive), (uint)SocketFlags.Keepalive);
            Expect("SO_KEEPALIVE off", (uint)(off.Flags & SocketFlags.Keepalive), 0);
            Expect("the state", (uint)on.State, (uint)TcpState.Close);
            return hz;
        }
    }

    /// <summary>Keeps the record if it is of one of ours.</summary>
    public bool Takes(in SocketRecord record)
    {
        if (record.Ino != _onIno && record.Ino != _offIno)
            return false;
        if (record.Ino == _onIno)
            _seenOn = record;
        else
            _seenOff = record;
        return true;
    }

    public void Dispose()
    {
        _on.Dispose();
        _off.Dispose();
    }

    private static Socket NewSocket() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    private static void Expect(string what, uint actual, uint expected)
    {
        if (actual != expected)
            throw new BpfException(string.Create(CultureInfo.InvariantCulture,
                $"self-test failed: {what} of our own socket reads as {actual}, not {expected}; this kernel is laid out in a way that this version does not know, and a list would show wrong values"));
    }
}
