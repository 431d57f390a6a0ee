using System.Net;
using System.Net.Sockets;
using KaTrace.Events;
using KaTrace.Interop;
using KaTrace.KernelTests.Net;
using KaTrace.Sockets;
using SocketFlags = KaTrace.Sockets.SocketFlags;
using static KaTrace.KernelTests.Net.KeepaliveSocket;

namespace KaTrace.KernelTests.Listing;

/// <summary>Compares a row with what the kernel itself answers for the socket, in every field that it can be asked for.</summary>
internal sealed class Agreement
{
    /// <summary>A clock tick, of the slowest HZ.</summary>
    private const uint TickMs = 10;

    public int Sockets { get; private set; }

    public int Fields { get; private set; }

    /// <param name="row">Read before now.</param>
    /// <param name="clock">Of its table.</param>
    /// <param name="socket">The same socket.</param>
    /// <param name="before">What TCP_INFO said before the table was read; null: not asked.</param>
    public void Check(in SocketRow row, KernelClock clock, Socket socket, TcpInfo? before = null)
    {
        TcpInfo info = TcpInfo.Of(socket);
        Sockets++;
        Same("inode", socket.Inode(), row.Ino);
        if (row.Cookie != 0)
            Same("SO_COOKIE", socket.Cookie(), row.Cookie);
        Same("network namespace", socket.Netns(), row.Netns);
        Same("family", socket.Get(SOL_SOCKET, 39 /* SO_DOMAIN */), row.Family);
        Same("state", info.State, row.State);
        Same("SO_KEEPALIVE", socket.Get(SOL_SOCKET, SO_KEEPALIVE) != 0, row.KeepaliveOn);
        Same("TCP_KEEPIDLE", socket.Get(SOL_TCP, TCP_KEEPIDLE), (int)clock.ToSeconds(row.Idle));
        Same("TCP_KEEPINTVL", socket.Get(SOL_TCP, TCP_KEEPINTVL), (int)clock.ToSeconds(row.Intvl));
        Same("TCP_KEEPCNT", socket.Get(SOL_TCP, TCP_KEEPCNT), row.Cnt);
        Same("TCP_USER_TIMEOUT", socket.Get(SOL_TCP, TCP_USER_TIMEOUT), (int)row.UserTimeout);
        Same("local end", Text(socket.Name()), row.Lport == 0 ? "" : Listed.Local(in row));
        if (row.State != TcpState.SynSent) // getpeername(2) does not tell before there is a connection
            Same("remote end", Text(socket.PeerName()), row.Rport == 0 ? "" : Listed.Remote(in row));
        Same("retransmits", info.Retransmits, row.Retransmits);
        Same("probes", info.Probes, row.ProbesOut);
        if (row.State == TcpState.Listen)
        {
            Same("accept queue", info.Unacked, row.RecvQueue);
            Same("backlog", info.Sacked, row.SendQueue);
            return;
        }

        Same("segments in flight", info.Unacked, row.PacketsOut);
        if (row.State == TcpState.Established)
        {
            Same("bytes not read", (uint)socket.Queue(received: true), row.RecvQueue);
            Same("bytes not acknowledged", (uint)socket.Queue(received: false), row.SendQueue);
        }

        Same("silence known", row.IsConnected, (row.Flags & SocketFlags.Silent) != 0);
        if (row.IsConnected && before is { } earlier)
        {
            Fields++;
            Assert.InRange((uint)clock.ToMilliseconds(row.Silent), earlier.SilentMs - Math.Min(earlier.SilentMs, TickMs), info.SilentMs + TickMs);
        }
    }

    private void Same<T>(string field, T expected, T actual)
    {
        Fields++;
        if (!EqualityComparer<T>.Default.Equals(expected, actual))
            Assert.Fail($"{field}: the kernel says {expected}, the list {actual}");
    }

    private static string Text(IPEndPoint? end) => end is { Port: > 0 } ? Listed.Text(end) : "";
}
