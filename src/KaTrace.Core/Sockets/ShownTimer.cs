using KaTrace.Events;

namespace KaTrace.Sockets;

internal enum TimerKind
{
    None,
    Retransmit,
    Keepalive,
    TimeWait,
    Persist,
}

/// <summary>The one timer that netstat and ss show of a socket, by the rules of the kernel's tcp_diag: whatever else runs with it
/// is hidden there.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Jiffies">Until it fires, negative where it is overdue.</param>
/// <param name="Count">Of retransmissions or probes.</param>
internal readonly record struct ShownTimer(TimerKind Kind, int Jiffies, byte Count)
{
    /// <summary>ICSK_TIME_PROBE0 of include/net/inet_connection_sock.h.</summary>
    public const byte ZeroWindow = 3;

    public static ShownTimer Of(in SocketRow row)
    {
        if (!row.KnowsPassing)
            return default;
        if ((row.Flags & SocketFlags.OtherTimer) != 0)
        {
            return row switch
            {
                { State: TcpState.TimeWait } => new(TimerKind.TimeWait, row.OtherTimerNext, 0),
                { OtherTimer: ZeroWindow } => new(TimerKind.Persist, row.OtherTimerNext, row.ProbesOut),
                _ => new(TimerKind.Retransmit, row.OtherTimerNext, row.Retransmits),
            };
        }

        return (row.Flags & SocketFlags.Next) != 0 ? new(TimerKind.Keepalive, row.Next, row.ProbesOut) : default;
    }
}
