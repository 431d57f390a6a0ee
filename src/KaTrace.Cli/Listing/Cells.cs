using KaTrace.Events;
using KaTrace.Output;
using KaTrace.Processes;
using KaTrace.Sockets;

namespace KaTrace.Cli.Listing;

/// <summary>What stands in a column, of one table: for eyes, or as bare numbers for CSV. "-" is unknown, or makes no sense there.</summary>
internal sealed class Cells(SocketTable table, ProcessIdentity[] processes, bool bare, NameResolver? names)
{
    /// <summary>Of the longest cell, a command line with every character escaped.</summary>
    public const int MaxLength = 64 * 1024;

    public void Append(ref Utf8Cursor text, ColumnId column, in SocketRow row)
    {
        switch (column)
        {
            case ColumnId.State: text.Append(row.State == TcpState.NewSynRecv ? "SYN_RECV"u8 : StateNames.Of(row.State)); break;
            case ColumnId.Laddr: AppendAddress(ref text, EndpointView.Local(in row)); break;
            case ColumnId.Lport: AppendPort(ref text, row.Lport); break;
            case ColumnId.Raddr: AppendAddress(ref text, EndpointView.Remote(in row)); break;
            case ColumnId.Rport: AppendPort(ref text, row.Rport); break;
            case ColumnId.Ka: text.Append(KeepaliveOf(in row)); break;
            case ColumnId.Idle: AppendSetting(ref text, in row, KeepaliveSettings.Idle, table.Clock.ToSeconds(row.Idle)); break;
            case ColumnId.Intvl: AppendSetting(ref text, in row, KeepaliveSettings.Intvl, table.Clock.ToSeconds(row.Intvl)); break;
            case ColumnId.Cnt: AppendSetting(ref text, in row, KeepaliveSettings.Cnt, row.Cnt); break;
            case ColumnId.Uto: AppendUserTimeout(ref text, row.UserTimeout); break;
            case ColumnId.Next: AppendNext(ref text, in row); break;
            case ColumnId.Unans: AppendUnanswered(ref text, in row); break;
            case ColumnId.Silent: AppendSilent(ref text, in row); break;
            case ColumnId.Peer: AppendPeer(ref text, in row); break;
            case ColumnId.Pid: AppendPid(ref text, in row); break;
            case ColumnId.Comm: AppendComm(ref text, in row); break;
            case ColumnId.Origin: AppendOrigin(ref text, in row); break;
            case ColumnId.Netns: AppendKnown(ref text, row.Netns); break;
            case ColumnId.Uid: AppendOf(ref text, row.KnowsUser, row.Uid); break;
            case ColumnId.Cgroup: AppendKnown(ref text, row.CgroupId); break;
            case ColumnId.Cookie: AppendKnown(ref text, row.Cookie); break;
            case ColumnId.Inode: AppendKnown(ref text, row.Ino); break;
            case ColumnId.Fd: AppendFd(ref text, in row); break;
            case ColumnId.RecvQ: AppendOf(ref text, row.IsSocket && row.KnowsPassing, row.RecvQueue); break;
            case ColumnId.SendQ: AppendOf(ref text, row.IsSocket && row.KnowsPassing, row.SendQueue); break;
            case ColumnId.Retrans: AppendOf(ref text, row.State != TcpState.TimeWait && row.KnowsPassing, row.Retransmits); break;
            case ColumnId.Timer: SsTimerText.Append(ref text, ShownTimer.Of(in row), table.Clock); break;
            case ColumnId.User: AppendText(ref text, DetailsOf(in row)?.User); break;
            case ColumnId.Container: AppendText(ref text, ContainerOf(DetailsOf(in row))); break;
            case ColumnId.Unit: AppendText(ref text, UnitOf(DetailsOf(in row))); break;
            case ColumnId.Program: AppendText(ref text, DetailsOf(in row)?.Program); break;
            case ColumnId.Command: AppendCommand(ref text, in row); break;
        }
    }

    private static ReadOnlySpan<byte> KeepaliveOf(in SocketRow row) => row switch
    {
        { IsSocket: false } => "-"u8,
        { KeepaliveOn: false } => "off"u8,
        { State: TcpState.Listen } => "listen:on"u8,
        _ => "on"u8,
    };

    private void AppendAddress(ref Utf8Cursor text, scoped EndpointView end)
    {
        if (!end.IsPresent)
            text.Append('-');
        else if (!end.Address.ContainsAnyExcept((byte)0))
            text.Append(end.IsIPv4 ? "0.0.0.0"u8 : "::"u8);
        else if (names?.Host(end.Address) is { } name)
            text.Append(name);
        else
            text.AppendAddress(end.Address);
    }

    private void AppendPort(ref Utf8Cursor text, ushort port)
    {
        if (names?.Service(port) is { } name)
            text.Append(name);
        else
            AppendKnown(ref text, port);
    }

    private void AppendSetting(ref Utf8Cursor text, in SocketRow row, KeepaliveSettings setting, uint value)
    {
        AppendOf(ref text, row.IsSocket, value);
        if (!bare && row.IsSocket && (row.Own & setting) == 0)
            text.Append('*');
    }

    private static void AppendUserTimeout(ref Utf8Cursor text, uint milliseconds)
    {
        if (milliseconds == 0)
            text.Append('-');
        else
            text.AppendThousandths(milliseconds);
    }

    private void AppendNext(ref Utf8Cursor text, in SocketRow row)
    {
        if (!row.AwaitsProbe)
            text.Append('-');
        else
            AppendDuration(ref text, table.Clock.ToMilliseconds((uint)Math.Max(row.Next, 0)));
    }

    private void AppendSilent(ref Utf8Cursor text, in SocketRow row)
    {
        if ((row.Flags & SocketFlags.Silent) == 0)
            text.Append('-');
        else
            AppendDuration(ref text, table.Clock.ToMilliseconds(row.Silent));
    }

    /// <summary>The kernel counts zero-window probes in the same place.</summary>
    private static void AppendUnanswered(ref Utf8Cursor text, in SocketRow row) =>
        AppendOf(ref text, row is { KeepaliveOn: true, IsConnected: true } && ShownTimer.Of(in row).Kind != TimerKind.Persist, row.ProbesOut);

    private void AppendDuration(ref Utf8Cursor text, ulong milliseconds)
    {
        if (bare)
            text.AppendThousandths(milliseconds);
        else
            ShortDuration.Append(ref text, milliseconds);
    }

    private void AppendPeer(ref Utf8Cursor text, in SocketRow row)
    {
        if (row.Peer < 0)
        {
            text.Append((row.Flags & SocketFlags.Probed) != 0 ? "probes"u8 : "-"u8);
            return;
        }

        ref readonly SocketRow peer = ref table.Rows[row.Peer];
        ReadOnlySpan<SocketHolder> holders = table.HoldersOf(in peer);
        text.Append(holders.IsEmpty ? Nobody.Utf8(in peer) : processes[holders[0].Process].NameText);
        text.Append(peer.KeepaliveOn ? ":on"u8 : ":off"u8);
    }

    private void AppendPid(ref Utf8Cursor text, in SocketRow row)
    {
        ReadOnlySpan<SocketHolder> holders = table.HoldersOf(in row);
        if (holders.IsEmpty)
        {
            text.Append('-');
            return;
        }

        text.Append(processes[holders[0].Process].Key.Pid);
        if (holders.Length > 1 && !bare)
        {
            text.Append('+');
            text.Append((uint)holders.Length - 1);
        }
    }

    private void AppendComm(ref Utf8Cursor text, in SocketRow row)
    {
        ReadOnlySpan<SocketHolder> holders = table.HoldersOf(in row);
        ReadOnlySpan<byte> comm = holders.IsEmpty ? Nobody.Utf8(in row) : processes[holders[0].Process].CommText;
        text.Append(comm.IsEmpty ? "-"u8 : comm);
    }

    private void AppendCommand(ref Utf8Cursor text, in SocketRow row)
    {
        ReadOnlySpan<SocketHolder> holders = table.HoldersOf(in row);
        ReadOnlySpan<byte> line = holders.IsEmpty ? [] : processes[holders[0].Process].CommandLineText;
        text.Append(line.IsEmpty ? "-"u8 : line);
    }

    private ProcessDetails? DetailsOf(in SocketRow row)
    {
        ReadOnlySpan<SocketHolder> holders = table.HoldersOf(in row);
        return holders.IsEmpty ? null : processes[holders[0].Process].Details;
    }

    private static string? ContainerOf(ProcessDetails? details) =>
        details?.Container is { } container ? $"{container.Runtime ?? "-"}:{container.ShortId}" : null;

    private static string? UnitOf(ProcessDetails? details) => details?.PodUid is { } pod ? $"pod:{pod}" : details?.Unit;

    private static void AppendText(ref Utf8Cursor text, string? value) => text.Append(value is null ? "-"u8 : HostileText.ForTerminal(value));

    private void AppendFd(ref Utf8Cursor text, in SocketRow row)
    {
        ReadOnlySpan<SocketHolder> holders = table.HoldersOf(in row);
        AppendOf(ref text, !holders.IsEmpty && holders[0].Fd >= 0, holders.IsEmpty ? 0 : (uint)holders[0].Fd);
    }

    private static void AppendOrigin(ref Utf8Cursor text, in SocketRow row)
    {
        if (!row.IsSocket)
        {
            text.Append('-');
            return;
        }

        if (row.Own == 0)
        {
            text.Append("sysctl"u8);
            return;
        }

        int start = text.Length;
        AppendOwn(ref text, in row, KeepaliveSettings.Idle, "idle"u8, start);
        AppendOwn(ref text, in row, KeepaliveSettings.Intvl, "intvl"u8, start);
        AppendOwn(ref text, in row, KeepaliveSettings.Cnt, "cnt"u8, start);
        AppendOwn(ref text, in row, KeepaliveSettings.UserTimeout, "uto"u8, start);
    }

    private static void AppendOwn(ref Utf8Cursor text, in SocketRow row, KeepaliveSettings setting, ReadOnlySpan<byte> name, int start)
    {
        if ((row.Own & setting) == 0)
            return;
        if (text.Length > start)
            text.Append('+');
        text.Append(name);
    }

    private static void AppendKnown(ref Utf8Cursor text, ulong value) => AppendOf(ref text, value != 0, value);

    private static void AppendOf(ref Utf8Cursor text, bool known, ulong value)
    {
        if (known)
            text.Append(value);
        else
            text.Append('-');
    }
}
