using System.Buffers;
using KaTrace.Events;
using KaTrace.Interop;
using KaTrace.Processes;
using KaTrace.V1;
using static KaTrace.Output.JsonMembers;

namespace KaTrace.Output;

/// <summary>JSON Lines: each line is a <see cref="Event"/> in canonical proto3 JSON, members in the order of their field
/// numbers, as Google.Protobuf's JsonFormatter gives for the message that <see cref="EventMessage"/> makes. A property
/// test compares the two.</summary>
/// <remarks>By hand, since the formatter takes the message apart by reflection and makes garbage. Every member is
/// written with a leading comma: see <see cref="Utf8Cursor.CloseObject"/>.</remarks>
internal sealed class JsonEventWriter : IEventWriter
{
    // Every member at its longest, addresses and numbers included, comes to less than 1,500 bytes.
    private const int MaxFixedLength = 2048;

    private readonly IBufferWriter<byte> _output;
    private readonly byte[] _nodeName;
    private readonly RfcTime _time = new();

    /// <param name="output">Where the lines go.</param>
    /// <param name="nodeName">The host that the events come from.</param>
    public JsonEventWriter(IBufferWriter<byte> output, string nodeName)
    {
        _output = output;
        _nodeName = nodeName.Length == 0 ? [] : [.. ",\"nodeName\":\""u8, .. HostileText.ForJson(nodeName), (byte)'"'];
    }

    public void Write(in EventRecord record, ProcessIdentity? process, Occurrence occurrence, in KernelClock clock)
    {
        int processLength = process is null ? 0 : process.JsonPid.Length + process.JsonRest.Length + process.JsonDetails.Length;
        Utf8Cursor json = new(_output.GetSpan(MaxFixedLength + _nodeName.Length + processLength));
        int open = json.OpenObject();
        json.Append(",\"kind\":"u8);
        AppendEnum(ref json, JsonNames.Kind((int)record.Kind), (uint)record.Kind);
        AppendUInt64(ref json, ",\"sequence\":\""u8, occurrence.Sequence);
        AppendUInt64(ref json, ",\"monotonicNs\":\""u8, record.TimeNs);
        json.Append(",\"cpu\":"u8);
        json.Append(record.Cpu);
        AppendUInt64(ref json, ",\"cpuSequence\":\""u8, record.CpuSeq);
        if (record.Source != 0)
        {
            json.Append(",\"source\":"u8);
            AppendEnum(ref json, JsonNames.Source((int)record.Source), (uint)record.Source);
        }

        AppendSocket(ref json, in record);
        AppendKeepalive(ref json, in record, in clock);
        if (process is not null)
            AppendProcess(ref json, in record, process);
        if (record.Source == EventSource.Reconciled)
            json.Append(process is null ? ",\"assumed\":[\"TIME\"]"u8 : ",\"assumed\":[\"OWNER\",\"TIME\"]"u8);
        AppendUInt64(ref json, ",\"notBeforeMonotonicNs\":\""u8, record.NotBeforeNs);
        if (occurrence.IsAggregate)
        {
            AppendNumber(ref json, ",\"count\":"u8, occurrence.Count);
            AppendUInt64(ref json, ",\"firstMonotonicNs\":\""u8, occurrence.FirstNs);
        }

        AppendDetail(ref json, in record);
        End(ref json, open, clock.ToUnixNs(record.TimeNs));
    }

    public void WriteLost(Lost.Types.Place place, ulong count, ulong monotonicNs, ulong sequence, in KernelClock clock)
    {
        Utf8Cursor json = new(_output.GetSpan(MaxFixedLength + _nodeName.Length));
        int open = json.OpenObject();
        json.Append(",\"kind\":\"LOST\""u8);
        AppendUInt64(ref json, ",\"sequence\":\""u8, sequence);
        AppendUInt64(ref json, ",\"monotonicNs\":\""u8, monotonicNs);
        json.Append(",\"lost\":"u8);
        int lost = json.OpenObject();
        if (place != Lost.Types.Place.Unspecified)
        {
            json.Append(",\"place\":"u8);
            AppendEnum(ref json, JsonNames.Place((int)place), (uint)place);
        }

        AppendUInt64(ref json, ",\"count\":\""u8, count);
        json.CloseObject(lost);
        End(ref json, open, clock.ToUnixNs(monotonicNs));
    }

    private void End(ref Utf8Cursor json, int open, long unixNs)
    {
        json.Append(_nodeName);
        json.Append(",\"time\":\""u8);
        _time.Append(ref json, unixNs);
        json.Append('"');
        json.CloseObject(open);
        json.Append('\n');
        _output.Advance(json.Length);
    }

    private static void AppendSocket(ref Utf8Cursor json, in EventRecord record)
    {
        json.Append(",\"socket\":"u8);
        int open = json.OpenObject();
        AppendUInt64(ref json, ",\"cookie\":\""u8, record.Cookie);
        if ((record.Flags & EventFlags.Counted) != 0)
            AppendNumber(ref json, ",\"generation\":"u8, record.Generation);
        if (record.Netns != 0)
            AppendNumber(ref json, ",\"netns\":"u8, record.Netns);
        AppendUInt64(ref json, ",\"inode\":\""u8, record.Ino);
        AppendEndpoint(ref json, ",\"local\":"u8, EndpointView.Local(in record));
        AppendEndpoint(ref json, ",\"remote\":"u8, EndpointView.Remote(in record));
        AppendState(ref json, ",\"state\":"u8, record.State);
        if (record.OldState != record.State)
            AppendState(ref json, ",\"oldState\":"u8, record.OldState);
        if (EndpointView.SpeaksMappedIPv4(in record))
            json.Append(",\"v4Mapped\":true"u8);
        if ((record.Flags & EventFlags.Kernel) != 0)
            json.Append(",\"kernel\":true"u8);
        AppendUInt64(ref json, ",\"cgroupId\":\""u8, record.CgroupId);
        if ((record.Holding & Holding.Orphan) != 0)
            json.Append(",\"orphan\":true"u8);
        AppendHolders(ref json, in record);
        json.CloseObject(open);
    }

    private static void AppendHolders(ref Utf8Cursor json, in EventRecord record)
    {
        if (record.Holders == 0)
            return;
        AppendNumber(ref json, ",\"holderCount\":"u8, record.Holders);
        json.Append(",\"holderPids\":"u8);
        int pids = json.OpenArray();
        foreach (uint pid in SocketHolders.Pids(in record))
        {
            json.Append(',');
            json.Append(pid);
        }

        json.CloseArray(pids);
    }

    private static void AppendKeepalive(ref Utf8Cursor json, in EventRecord record, in KernelClock clock)
    {
        json.Append((record.Flags & EventFlags.Keepalive) != 0
            ? ",\"keepalive\":{\"on\":true"u8
            : ",\"keepalive\":{\"on\":false"u8);
        AppendNumber(ref json, ",\"idleSeconds\":"u8, clock.ToSeconds(record.Idle));
        AppendNumber(ref json, ",\"intervalSeconds\":"u8, clock.ToSeconds(record.Intvl));
        AppendNumber(ref json, ",\"count\":"u8, record.Cnt);
        AppendNumber(ref json, ",\"userTimeoutMs\":"u8, record.UserTimeout);
        AppendSettings(ref json, ",\"own\":"u8, record.Own);
        AppendNumber(ref json, ",\"probesOut\":"u8, record.ProbesOut);
        if ((record.Flags & EventFlags.Counted) != 0)
        {
            AppendNumber(ref json, ",\"unanswered\":"u8, record.Unanswered);
            AppendNumber(ref json, ",\"probes\":"u8, record.Probes);
        }

        if ((record.Flags & EventFlags.Silent) != 0)
            AppendSeconds(ref json, ",\"silentSeconds\":"u8, clock.ToMilliseconds(record.Silent));
        if ((record.Flags & EventFlags.Next) != 0)
            AppendSeconds(ref json, ",\"nextSeconds\":"u8, clock.ToMilliseconds(record.Next));
        if ((record.Flags & EventFlags.Counted) != 0)
        {
            AppendNumber(ref json, ",\"answered\":"u8, record.Answered);
            AppendSeconds(ref json, ",\"longestSilenceSeconds\":"u8, clock.ToMilliseconds(record.Longest));
        }

        json.Append('}');
    }

    private static void AppendProcess(ref Utf8Cursor json, in EventRecord record, ProcessIdentity process)
    {
        json.Append(",\"process\":"u8);
        int open = json.OpenObject();
        json.Append(process.JsonPid);
        if (record.Tid != 0)
            AppendNumber(ref json, ",\"tid\":"u8, record.Tid);
        json.Append(process.JsonRest);
        if (record.Fd >= 0)
            AppendNumber(ref json, ",\"fd\":"u8, (uint)record.Fd);
        if ((record.Holding & Holding.Exited) != 0)
            json.Append(",\"exited\":true"u8);
        json.Append(process.JsonDetails);
        json.CloseObject(open);
    }

    private static void AppendDetail(ref Utf8Cursor json, in EventRecord record)
    {
        switch (record.Kind)
        {
            case EventKind.Enabled:
                json.Append(record.Cause switch
                {
                    EventCause.Setsockopt => ",\"enabled\":{\"cause\":\"SETSOCKOPT\"}"u8,
                    EventCause.Inherited => ",\"enabled\":{\"cause\":\"INHERITED\"}"u8,
                    EventCause.Kernel => ",\"enabled\":{\"cause\":\"KERNEL\"}"u8,
                    _ => ",\"enabled\":{}"u8,
                });
                break;
            case EventKind.Configured:
                json.Append(",\"configured\":"u8);
                int configured = json.OpenObject();
                AppendSettings(ref json, ",\"changed\":"u8, record.Changed);
                json.CloseObject(configured);
                break;
            case EventKind.Timeout:
                json.Append(",\"timeout\":"u8);
                int timeout = json.OpenObject();
                AppendTimeoutCause(ref json, record.Cause);
                if (record.Err != 0)
                    AppendNumber(ref json, ",\"skErr\":"u8, record.Err);
                AppendError(ref json, record.Err);
                json.CloseObject(timeout);
                break;
            case EventKind.Answered or EventKind.Recovered:
                json.Append(",\"answered\":"u8);
                int answered = json.OpenObject();
                AppendAnsweredCause(ref json, record.Cause);
                if (EventMessage.RoundTripUs(in record) is > 0 and uint microseconds)
                    AppendNumber(ref json, ",\"roundTripUs\":"u8, microseconds);
                json.CloseObject(answered);
                break;
            case EventKind.Reset:
                json.Append(",\"reset\":"u8);
                int reset = json.OpenObject();
                if (record.Err != 0)
                    AppendNumber(ref json, ",\"skErr\":"u8, record.Err);
                AppendError(ref json, record.Err);
                json.CloseObject(reset);
                break;
            case EventKind.Closed:
                json.Append(",\"closed\":"u8);
                int closed = json.OpenObject();
                AppendNumber(ref json, ",\"skErr\":"u8, record.Err);
                AppendError(ref json, record.Err);
                json.CloseObject(closed);
                break;
        }
    }

    private static void AppendTimeoutCause(ref Utf8Cursor json, EventCause cause)
    {
        if (cause == EventCause.Probes)
            json.Append(",\"cause\":\"PROBES\""u8);
        else if (cause == EventCause.UserTimeout)
            json.Append(",\"cause\":\"USER_TIMEOUT\""u8);
        else if (cause == EventCause.Retransmit)
            json.Append(",\"cause\":\"RETRANSMIT\""u8);
    }

    private static void AppendAnsweredCause(ref Utf8Cursor json, EventCause cause)
    {
        if (cause == EventCause.Ack)
            json.Append(",\"cause\":\"ACK\""u8);
        else if (cause == EventCause.Data)
            json.Append(",\"cause\":\"DATA\""u8);
    }

    private static void AppendError(ref Utf8Cursor json, int errno)
    {
        ReadOnlySpan<byte> name = Errno.Utf8Name(errno);
        if (name.IsEmpty)
            return;
        json.Append(",\"error\":\""u8);
        json.Append(name);
        json.Append('"');
    }
}
