using System.Buffers;
using System.Globalization;
using System.Text;
using KaTrace.Events;
using KaTrace.Interop;
using KaTrace.Processes;
using KaTrace.V1;

namespace KaTrace.Output;

/// <summary>Comma-separated values (RFC 4180), one row an event, under a row of names. What is unknown is empty. New columns come last.</summary>
/// <remarks>Text that a process chose is made visible as on a terminal, and never begins as a formula of a spreadsheet does.</remarks>
internal sealed class CsvEventWriter : IEventWriter
{
    private const int MaxFixedLength = 1024;

    private static readonly byte[] Nobody = [(byte)',', (byte)','];
    private static readonly byte[] NoDetails = [.. ",,,,,,,,,"u8];

    private readonly IBufferWriter<byte> _output;
    private readonly byte[] _nodeName;
    private readonly RfcTime _time = new();
    private ProcessIdentity? _last;
    private byte[] _process = [];
    private byte[] _details = [];

    public CsvEventWriter(IBufferWriter<byte> output, string nodeName, bool withHeader)
    {
        _output = output;
        _nodeName = Cell(HostileText.ForTerminal(nodeName));
        if (withHeader)
            output.Write("time,node,sequence,kind,source,cause,sk_err,netns,cookie,inode,state,local_address,local_port,remote_address,remote_port,pid,comm,command_line,on,idle_seconds,interval_seconds,count,user_timeout_ms,unanswered,probes,answered,silent_seconds,next_seconds,round_trip_us,lost_place,lost_count,events,first_monotonic_ns,tid,fd,exited,start_boottime_ns,executable,uid,user,container_runtime,container_id,pod_uid,unit,program,runtime\r\n"u8);
    }

    public void Write(in EventRecord record, ProcessIdentity? process, Occurrence occurrence, in KernelClock clock)
    {
        Know(process);
        ReadOnlySpan<byte> owner = process is null ? Nobody : _process, details = process is null ? NoDetails : _details;
        Utf8Cursor row = new(_output.GetSpan(MaxFixedLength + _nodeName.Length + owner.Length + details.Length));
        AppendHead(ref row, clock.ToUnixNs(record.TimeNs), occurrence.Sequence, JsonNames.Kind((int)record.Kind));
        AppendName(ref row, JsonNames.Source((int)record.Source));
        row.Append(EventCauseName(in record));
        row.Append(',');
        row.Append(Errno.Utf8Name(record.Err));
        AppendNumber(ref row, record.Netns, record.Netns != 0);
        AppendNumber(ref row, record.Cookie, record.Cookie != 0);
        AppendNumber(ref row, record.Ino, record.Ino != 0);
        row.Append(',');
        row.Append(StateNames.Of(record.State));
        AppendEnd(ref row, EndpointView.Local(in record));
        AppendEnd(ref row, EndpointView.Remote(in record));
        row.Append(',');
        row.Append(owner);
        AppendKeepalive(ref row, in record, in clock);
        row.Append(",,"u8);
        AppendNumber(ref row, occurrence.Count, true);
        AppendNumber(ref row, occurrence.FirstNs, occurrence.IsAggregate);
        AppendNumber(ref row, record.Tid, process is not null && record.Tid != 0);
        AppendNumber(ref row, (ulong)Math.Max(record.Fd, 0), process is not null && record.Fd >= 0);
        row.Append(process is null ? ","u8 : (record.Holding & Holding.Exited) != 0 ? ",true"u8 : ",false"u8);
        row.Append(',');
        row.Append(details);
        row.Append("\r\n"u8);
        _output.Advance(row.Length);
    }

    public void WriteLost(Lost.Types.Place place, ulong count, ulong monotonicNs, ulong sequence, in KernelClock clock)
    {
        Utf8Cursor row = new(_output.GetSpan(MaxFixedLength + _nodeName.Length));
        AppendHead(ref row, clock.ToUnixNs(monotonicNs), sequence, "\"LOST\""u8);
        row.Append(",,,,,,,,,,,,,,,,,,,,,,,,,"u8);
        row.Append(Unquoted(JsonNames.Place((int)place)));
        AppendNumber(ref row, count, true);
        row.Append(",,,,,,"u8);
        row.Append(NoDetails);
        row.Append("\r\n"u8);
        _output.Advance(row.Length);
    }

    private void AppendHead(ref Utf8Cursor row, long unixNs, ulong sequence, ReadOnlySpan<byte> kind)
    {
        _time.Append(ref row, unixNs);
        row.Append(',');
        row.Append(_nodeName);
        AppendNumber(ref row, sequence, true);
        row.Append(',');
        AppendName(ref row, kind);
    }

    private static void AppendKeepalive(ref Utf8Cursor row, in EventRecord record, in KernelClock clock)
    {
        bool counted = (record.Flags & EventFlags.Counted) != 0;
        row.Append((record.Flags & EventFlags.Keepalive) != 0 ? ",true"u8 : ",false"u8);
        AppendNumber(ref row, clock.ToSeconds(record.Idle), true);
        AppendNumber(ref row, clock.ToSeconds(record.Intvl), true);
        AppendNumber(ref row, record.Cnt, true);
        AppendNumber(ref row, record.UserTimeout, true);
        AppendNumber(ref row, record.Unanswered, counted);
        AppendNumber(ref row, record.Probes, counted);
        AppendNumber(ref row, record.Answered, counted);
        AppendSeconds(ref row, clock.ToMilliseconds(record.Silent), (record.Flags & EventFlags.Silent) != 0);
        AppendSeconds(ref row, clock.ToMilliseconds(record.Next), (record.Flags & EventFlags.Next) != 0);
        AppendNumber(ref row, EventMessage.RoundTripUs(in record), record.Kind is EventKind.Answered or EventKind.Recovered && record.RttNs != 0);
    }

    private static ReadOnlySpan<byte> EventCauseName(in EventRecord record) => record.Cause switch
    {
        EventCause.Setsockopt => "SETSOCKOPT"u8,
        EventCause.Inherited => "INHERITED"u8,
        EventCause.Probes => "PROBES"u8,
        EventCause.UserTimeout => "USER_TIMEOUT"u8,
        EventCause.Retransmit => "RETRANSMIT"u8,
        EventCause.Ack => "ACK"u8,
        EventCause.Data => "DATA"u8,
        EventCause.Kernel => "KERNEL"u8,
        _ => [],
    };

    private static void AppendEnd(ref Utf8Cursor row, scoped EndpointView end)
    {
        row.Append(',');
        if (end.IsPresent)
            row.AppendAddress(end.Address);
        AppendNumber(ref row, end.Port, end.Port != 0);
    }

    private static void AppendName(ref Utf8Cursor row, ReadOnlySpan<byte> quoted)
    {
        row.Append(Unquoted(quoted));
        row.Append(',');
    }

    private static ReadOnlySpan<byte> Unquoted(ReadOnlySpan<byte> quoted) => quoted.IsEmpty ? quoted : quoted[1..^1];

    private static void AppendNumber(ref Utf8Cursor row, ulong value, bool known)
    {
        row.Append(',');
        if (known)
            row.Append(value);
    }

    private static void AppendSeconds(ref Utf8Cursor row, ulong milliseconds, bool known)
    {
        row.Append(',');
        if (known)
            row.AppendThousandths(milliseconds);
    }

    /// <summary>The cells of a process are made once for its events that come together.</summary>
    private void Know(ProcessIdentity? process)
    {
        if (process is null || ReferenceEquals(process, _last))
            return;
        _last = process;
        ProcessDetails? details = process.Details;
        _process = [.. Number(process.Key.Pid), (byte)',', .. Cell(HostileText.ForTerminal(process.Comm)), (byte)',', .. Cell(process.CommandLineText)];
        _details =
        [
            .. process.Key.StartBoottimeNs == 0 ? [] : Number(process.Key.StartBoottimeNs), (byte)',', .. Cell(details?.Executable), (byte)',',
            .. details?.Uid is { } uid ? Number(uid) : [], (byte)',', .. Cell(details?.User), (byte)',',
            .. Cell(details?.Container?.Runtime), (byte)',', .. Cell(details?.Container?.Id), (byte)',', .. Cell(details?.PodUid), (byte)',',
            .. Cell(details?.Unit), (byte)',', .. Cell(details?.Program), (byte)',', .. Cell(details?.Runtime),
        ];
    }

    private static byte[] Number(ulong value) => Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture));

    private static byte[] Cell(string? text) => text is null ? [] : Cell(HostileText.ForTerminal(text));

    private static byte[] Cell(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
            return [];
        List<byte> cell = [(byte)'"'];
        if (text[0] is (byte)'=' or (byte)'+' or (byte)'-' or (byte)'@')
            cell.Add((byte)'\'');
        foreach (byte one in text)
        {
            if (one == (byte)'"')
                cell.Add(one);
            cell.Add(one);
        }

        cell.Add((byte)'"');
        return [.. cell];
    }
}
