using System.Buffers;
using KaTrace.Events;
using KaTrace.Processes;
using KaTrace.Sockets;
using static KaTrace.Output.JsonMembers;

namespace KaTrace.Output;

/// <summary>JSON Lines: each line is a <see cref="V1.Connection"/> in canonical proto3 JSON, written by hand as <see cref="JsonEventWriter"/>
/// does. A test has Google.Protobuf read every line and write it again.</summary>
internal sealed class JsonConnectionWriter
{
    // Every member at its longest, addresses and numbers included, without processes.
    private const int MaxFixedLength = 2048;
    private const int MaxHolderLength = 64;

    private readonly IBufferWriter<byte> _output;
    private readonly SocketTable _table;
    private readonly ProcessIdentity[] _processes;
    private readonly byte[] _end;

    /// <param name="output">Where the lines go.</param>
    /// <param name="table">Whose rows are written.</param>
    /// <param name="processes">Of the table, in its order.</param>
    /// <param name="nodeName">The host that the sockets are on.</param>
    public JsonConnectionWriter(IBufferWriter<byte> output, SocketTable table, ProcessIdentity[] processes, string nodeName)
    {
        (_output, _table, _processes) = (output, table, processes);
        _end = End(nodeName, table.Time);
    }

    public void Write(in SocketRow row)
    {
        Utf8Cursor json = new(_output.GetSpan(MaxFixedLength + _end.Length + LengthOfProcesses(in row)));
        int open = json.OpenObject();
        AppendSocket(ref json, in row);
        if (row.IsSocket)
            AppendKeepalive(ref json, in row);
        AppendHolders(ref json, in row);
        if (row.Peer >= 0)
            AppendSide(ref json, ",\"peer\":"u8, in _table.Rows[row.Peer]);
        if (row.Listener >= 0)
            AppendSide(ref json, ",\"listener\":"u8, in _table.Rows[row.Listener]);
        AppendTimer(ref json, ShownTimer.Of(in row));
        if (row.KnowsUser)
            AppendNumber(ref json, ",\"uid\":"u8, row.Uid);
        AppendCount(ref json, ",\"receiveQueue\":"u8, row.RecvQueue);
        AppendCount(ref json, ",\"sendQueue\":"u8, row.SendQueue);
        AppendCount(ref json, ",\"packetsOut\":"u8, row.PacketsOut);
        AppendCount(ref json, ",\"retransmits\":"u8, row.Retransmits);
        if ((row.Flags & SocketFlags.Probed) != 0)
            AppendSeconds(ref json, ",\"probedSeconds\":"u8, _table.Clock.ToMilliseconds(row.Probed));
        json.Append(_end);
        json.CloseObject(open);
        json.Append('\n');
        _output.Advance(json.Length);
    }

    private static void AppendSocket(ref Utf8Cursor json, in SocketRow row)
    {
        json.Append(",\"socket\":"u8);
        int open = json.OpenObject();
        AppendUInt64(ref json, ",\"cookie\":\""u8, row.Cookie);
        AppendCount(ref json, ",\"netns\":"u8, row.Netns);
        AppendUInt64(ref json, ",\"inode\":\""u8, row.Ino);
        AppendEndpoint(ref json, ",\"local\":"u8, EndpointView.Local(in row));
        AppendEndpoint(ref json, ",\"remote\":"u8, EndpointView.Remote(in row));
        AppendState(ref json, ",\"state\":"u8, row.State);
        if (EndpointView.SpeaksMappedIPv4(in row))
            json.Append(",\"v4Mapped\":true"u8);
        AppendFlag(ref json, in row, SocketFlags.Kernel, ",\"kernel\":true"u8);
        AppendUInt64(ref json, ",\"cgroupId\":\""u8, row.CgroupId);
        AppendFlag(ref json, in row, SocketFlags.Orphan, ",\"orphan\":true"u8);
        AppendCount(ref json, ",\"holderCount\":"u8, (uint)row.HolderCount);
        AppendFlag(ref json, in row, SocketFlags.Unaccepted, ",\"unaccepted\":true"u8);
        AppendFlag(ref json, in row, SocketFlags.MptcpSubflow, ",\"mptcpSubflow\":true"u8);
        json.CloseObject(open);
    }

    private void AppendKeepalive(ref Utf8Cursor json, in SocketRow row)
    {
        KernelClock clock = _table.Clock;
        json.Append(row.KeepaliveOn ? ",\"keepalive\":{\"on\":true"u8 : ",\"keepalive\":{\"on\":false"u8);
        AppendNumber(ref json, ",\"idleSeconds\":"u8, clock.ToSeconds(row.Idle));
        AppendNumber(ref json, ",\"intervalSeconds\":"u8, clock.ToSeconds(row.Intvl));
        AppendNumber(ref json, ",\"count\":"u8, row.Cnt);
        AppendNumber(ref json, ",\"userTimeoutMs\":"u8, row.UserTimeout);
        AppendSettings(ref json, ",\"own\":"u8, row.Own);
        AppendNumber(ref json, ",\"probesOut\":"u8, row.ProbesOut);
        if ((row.Flags & SocketFlags.Silent) != 0)
            AppendSeconds(ref json, ",\"silentSeconds\":"u8, clock.ToMilliseconds(row.Silent));
        if (row.AwaitsProbe)
            AppendSigned(ref json, ",\"nextSeconds\":"u8, row.Next);
        json.Append('}');
    }

    private void AppendHolders(ref Utf8Cursor json, in SocketRow row)
    {
        ReadOnlySpan<SocketHolder> holders = _table.HoldersOf(in row);
        if (holders.IsEmpty)
            return;
        json.Append(",\"process\":"u8);
        AppendProcess(ref json, holders[0]);
        if (holders.Length == 1)
            return;
        json.Append(",\"otherProcesses\":"u8);
        int others = json.OpenArray();
        foreach (SocketHolder holder in holders[1..])
        {
            json.Append(',');
            AppendProcess(ref json, holder);
        }

        json.CloseArray(others);
    }

    private void AppendProcess(ref Utf8Cursor json, SocketHolder holder)
    {
        ProcessIdentity process = _processes[holder.Process];
        int open = json.OpenObject();
        json.Append(process.JsonPid);
        json.Append(process.JsonRest);
        if (holder.Fd >= 0)
            AppendNumber(ref json, ",\"fd\":"u8, (uint)holder.Fd);
        json.Append(process.JsonDetails);
        json.CloseObject(open);
    }

    private void AppendSide(ref Utf8Cursor json, scoped ReadOnlySpan<byte> name, in SocketRow side)
    {
        json.Append(name);
        int open = json.OpenObject();
        AppendUInt64(ref json, ",\"cookie\":\""u8, side.Cookie);
        AppendUInt64(ref json, ",\"inode\":\""u8, side.Ino);
        AppendCount(ref json, ",\"netns\":"u8, side.Netns);
        json.Append(side.KeepaliveOn ? ",\"keepaliveOn\":true"u8 : ",\"keepaliveOn\":false"u8);
        ReadOnlySpan<SocketHolder> holders = _table.HoldersOf(in side);
        if (!holders.IsEmpty)
        {
            ProcessIdentity process = _processes[holders[0].Process];
            json.Append(",\"process\":"u8);
            int inner = json.OpenObject();
            json.Append(process.JsonPid);
            json.Append(process.JsonComm);
            json.CloseObject(inner);
        }

        json.CloseObject(open);
    }

    private void AppendTimer(ref Utf8Cursor json, ShownTimer timer)
    {
        if (timer.Kind == TimerKind.None)
            return;
        json.Append(",\"timer\":{\"kind\":\""u8);
        json.Append(timer.Kind switch
        {
            TimerKind.Retransmit => "RETRANSMIT"u8,
            TimerKind.Keepalive => "KEEPALIVE"u8,
            TimerKind.TimeWait => "TIMEWAIT"u8,
            _ => "PERSIST"u8,
        });
        json.Append('"');
        AppendSigned(ref json, ",\"seconds\":"u8, timer.Jiffies);
        AppendNumber(ref json, ",\"count\":"u8, timer.Count);
        json.Append('}');
    }

    private void AppendSigned(ref Utf8Cursor json, scoped ReadOnlySpan<byte> name, int jiffies)
    {
        json.Append(name);
        ulong milliseconds = _table.Clock.ToMilliseconds(uint.CreateSaturating(Math.Abs((long)jiffies)));
        if (jiffies < 0 && milliseconds > 0)
            json.Append('-');
        json.AppendThousandths(milliseconds);
    }

    private static void AppendCount(ref Utf8Cursor json, ReadOnlySpan<byte> name, uint value)
    {
        if (value != 0)
            AppendNumber(ref json, name, value);
    }

    private static void AppendFlag(ref Utf8Cursor json, in SocketRow row, SocketFlags flag, scoped ReadOnlySpan<byte> member)
    {
        if ((row.Flags & flag) != 0)
            json.Append(member);
    }

    private int LengthOfProcesses(in SocketRow row)
    {
        int length = 2 * MaxHolderLength; // names of the other side and the listener
        foreach (SocketHolder holder in _table.HoldersOf(in row))
            length += MaxHolderLength + _processes[holder.Process].JsonPid.Length + _processes[holder.Process].JsonRest.Length + _processes[holder.Process].JsonDetails.Length;
        return length + (2 * ProcessIdentity.MaxJsonComm);
    }

    /// <summary>The members that are the same in all lines.</summary>
    private static byte[] End(string nodeName, DateTimeOffset time)
    {
        byte[] buffer = new byte[64];
        Utf8Cursor text = new(buffer);
        text.Append(",\"time\":\""u8);
        new RfcTime().Append(ref text, (time - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick);
        text.Append('"');
        byte[] node = nodeName.Length == 0 ? [] : [.. ",\"nodeName\":\""u8, .. HostileText.ForJson(nodeName), (byte)'"'];
        return [.. node, .. text.Written];
    }
}
