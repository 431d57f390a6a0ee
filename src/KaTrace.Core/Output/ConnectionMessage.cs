using KaTrace.Events;
using KaTrace.Hosts;
using KaTrace.Interop;
using KaTrace.Processes;
using KaTrace.Sockets;
using KaTrace.V1;

namespace KaTrace.Output;

/// <summary>Turns rows of a table into the contract's messages. <see cref="JsonConnectionWriter"/> says the same faster, and is tested
/// against this.</summary>
/// <param name="table">Whose rows they are.</param>
/// <param name="processes">Of the table, in its order; null: messages are to be made rows of again, and <see cref="HostMessage"/> tells
/// what is known of the processes.</param>
internal sealed class ConnectionMessage(SocketTable table, ProcessIdentity[]? processes)
{
    public Connection From(in SocketRow row)
    {
        Connection message = new() { Socket = SocketOf(in row), Timer = TimerOf(ShownTimer.Of(in row)), Time = EventMessage.TimeOf(table.TimeNs) };
        ReadOnlySpan<SocketHolder> holders = table.HoldersOf(in row);
        if (!holders.IsEmpty)
        {
            message.Process = ProcessOf(holders[0]);
            foreach (SocketHolder holder in holders[1..])
                message.OtherProcesses.Add(ProcessOf(holder));
        }

        message.Peer = row.Peer >= 0 ? SideOf(in table.Rows[row.Peer]) : null;
        message.Listener = row.Listener >= 0 ? SideOf(in table.Rows[row.Listener]) : null;
        message.ReceiveQueue = row.RecvQueue;
        message.SendQueue = row.SendQueue;
        message.PacketsOut = row.PacketsOut;
        message.Retransmits = row.Retransmits;
        if (row.IsSocket)
        {
            message.Keepalive = KeepaliveOf(in row);
            if (row.KnowsUser)
                message.Uid = row.Uid;
        }

        if ((row.Flags & SocketFlags.Probed) != 0)
            message.ProbedSeconds = table.Clock.ToMilliseconds(row.Probed) / 1000.0;
        if (processes is null)
            message.Exact = ExactOf(in row);

        return message;
    }

    private static Exact ExactOf(in SocketRow row)
    {
        Exact exact = new()
        {
            Ipv6 = row.Family == Libc.AF_INET6,
            Idle = row.Idle,
            Interval = row.Intvl,
            Substate = (Socket.Types.State)row.Substate,
            Remembered = !row.KnowsPassing,
        };
        if ((row.Flags & SocketFlags.Silent) != 0)
            exact.Silent = row.Silent;
        if ((row.Flags & SocketFlags.Probed) != 0)
            exact.Probed = row.Probed;
        if ((row.Flags & SocketFlags.Next) != 0)
            exact.Next = row.Next;
        if ((row.Flags & SocketFlags.OtherTimer) != 0)
            (exact.OtherNext, exact.OtherTimer) = (row.OtherTimerNext, row.OtherTimer);
        return exact;
    }

    private static Socket SocketOf(in SocketRow row) => new()
    {
        Cookie = row.Cookie,
        Netns = row.Netns,
        Inode = row.Ino,
        Local = EventMessage.EndpointOf(EndpointView.Local(in row)),
        Remote = EventMessage.EndpointOf(EndpointView.Remote(in row)),
        State = (Socket.Types.State)row.State,
        V4Mapped = EndpointView.SpeaksMappedIPv4(in row),
        Kernel = (row.Flags & SocketFlags.Kernel) != 0,
        CgroupId = row.CgroupId,
        Orphan = (row.Flags & SocketFlags.Orphan) != 0,
        HolderCount = (uint)row.HolderCount,
        Unaccepted = (row.Flags & SocketFlags.Unaccepted) != 0,
        MptcpSubflow = (row.Flags & SocketFlags.MptcpSubflow) != 0,
    };

    private Keepalive KeepaliveOf(in SocketRow row)
    {
        KernelClock clock = table.Clock;
        Keepalive keepalive = new()
        {
            On = row.KeepaliveOn,
            IdleSeconds = clock.ToSeconds(row.Idle),
            IntervalSeconds = clock.ToSeconds(row.Intvl),
            Count = row.Cnt,
            UserTimeoutMs = row.UserTimeout,
            Own = { SettingMessages.List(row.Own) },
            ProbesOut = row.ProbesOut,
        };
        if ((row.Flags & SocketFlags.Silent) != 0)
            keepalive.SilentSeconds = clock.ToMilliseconds(row.Silent) / 1000.0;
        if (row.AwaitsProbe)
            keepalive.NextSeconds = Seconds(row.Next);
        return keepalive;
    }

    private Process ProcessOf(SocketHolder holder)
    {
        (ProcessKey key, string comm) = table.Processes[holder.Process];
        Process process = processes is null ? EventMessage.ProcessOf(key, comm, null) : EventMessage.ProcessOf(processes[holder.Process]);
        if (holder.Fd >= 0)
            process.Fd = holder.Fd;
        return process;
    }

    private Side SideOf(in SocketRow side)
    {
        Side message = new() { Cookie = side.Cookie, Inode = side.Ino, Netns = side.Netns, KeepaliveOn = side.KeepaliveOn };
        ReadOnlySpan<SocketHolder> holders = table.HoldersOf(in side);
        if (!holders.IsEmpty)
            message.Process = new Process { Pid = table.Processes[holders[0].Process].Key.Pid, Comm = table.Processes[holders[0].Process].Comm };
        return message;
    }

    private V1.Timer? TimerOf(ShownTimer timer) => timer.Kind == TimerKind.None ? null : new V1.Timer
    {
        Kind = (V1.Timer.Types.Kind)timer.Kind,
        Seconds = Seconds(timer.Jiffies),
        Count = timer.Count,
    };

    /// <summary>Of milliseconds, as everywhere; negative where something is overdue.</summary>
    private double Seconds(int jiffies) => Math.Sign(jiffies) * (double)table.Clock.ToMilliseconds(uint.CreateSaturating(Math.Abs((long)jiffies))) / 1000;
}
