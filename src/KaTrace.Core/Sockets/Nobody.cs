using System.Text;
using KaTrace.Events;

namespace KaTrace.Sockets;

/// <summary>Says why no process holds a socket, in the words that events use.</summary>
internal static class Nobody
{
    public static string Of(in SocketRow row) => Encoding.ASCII.GetString(Utf8(in row));

    public static ReadOnlySpan<byte> Utf8(in SocketRow row) => row switch
    {
        { State: TcpState.TimeWait } => "time-wait"u8,
        _ when (row.Flags & SocketFlags.Kernel) != 0 => "kernel"u8,
        _ when (row.Flags & SocketFlags.Orphan) != 0 => "orphan"u8,
        _ when (row.Flags & SocketFlags.Unaccepted) != 0 => "unaccepted"u8,
        _ => "-"u8,
    };
}
