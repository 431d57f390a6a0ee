using KaTrace.Events;
using KaTrace.Interop;
using KaTrace.Processes;
using KaTrace.V1;

namespace KaTrace.Output;

/// <summary>Writes events as protobuf, each as an element of <see cref="EventBatch.Events"/>, so that batches are made by putting them
/// side by side. They equal the messages that <see cref="EventMessage"/> makes, but for the node name, which the batch's message has;
/// a property test compares the two.</summary>
/// <remarks>By hand, since a message an event costs several times as much and is garbage. Allocates nothing.</remarks>
internal static class ProtoEventWriter
{
    // Every field at its longest comes to less than 500 bytes.
    private const int MaxFixedLength = 640;

    /// <summary>Three bytes of length, as a process' texts may be long.</summary>
    private const int LengthWidth = 3;

    private static readonly byte[][] SettingLists =
        [.. Enumerable.Range(0, 16).Select(bits => SettingMessages.List((KeepaliveSettings)bits).Select(setting => (byte)setting).ToArray())];

    /// <summary>Room that <see cref="Write"/> needs.</summary>
    public static int MaxLength(ProcessIdentity? process) => MaxFixedLength + (process?.Proto.Length ?? 0);

    /// <param name="destination">Of <see cref="MaxLength"/>.</param>
    /// <param name="record">The event.</param>
    /// <param name="process">The owner of its socket; null if unknown.</param>
    /// <param name="occurrence">Where it is in the stream.</param>
    /// <param name="clock">For the times of the record.</param>
    /// <returns>Bytes written.</returns>
    public static int Write(Span<byte> destination, in EventRecord record, ProcessIdentity? process, Occurrence occurrence, in KernelClock clock)
    {
        ProtoCursor proto = new(destination);
        int width = process is null ? 2 : LengthWidth;
        int begin = proto.Begin(EventBatch.EventsFieldNumber, width);
        proto.UInt64(Event.KindFieldNumber, (ulong)record.Kind);
        proto.UInt64(Event.SequenceFieldNumber, occurrence.Sequence);
        proto.UInt64(Event.MonotonicNsFieldNumber, record.TimeNs);
        proto.PresentUInt64(Event.CpuFieldNumber, record.Cpu);
        proto.UInt64(Event.CpuSequenceFieldNumber, record.CpuSeq);
        proto.UInt64(Event.SourceFieldNumber, (ulong)record.Source);
        WriteSocket(ref proto, in record);
        WriteKeepalive(ref proto, in record, in clock);
        if (process is not null)
            WriteProcess(ref proto, in record, process);
        if (record.Source == EventSource.Reconciled)
            proto.PresentBytes(Event.AssumedFieldNumber, process is null ? [(byte)Event.Types.Assumed.Time] : [(byte)Event.Types.Assumed.Owner, (byte)Event.Types.Assumed.Time]);
        proto.UInt64(Event.NotBeforeMonotonicNsFieldNumber, record.NotBeforeNs);
        if (occurrence.IsAggregate)
        {
            proto.PresentUInt64(Event.CountFieldNumber, occurrence.Count);
            proto.UInt64(Event.FirstMonotonicNsFieldNumber, occurrence.FirstNs);
        }

        WriteDetail(ref proto, in record);
        WriteTime(ref proto, Event.TimeFieldNumber, clock.ToUnixNs(record.TimeNs));
        proto.End(begin, width);
        return proto.Length;
    }

    /// <summary>A notice of loss.</summary>
    /// <param name="destination">Of <see cref="MaxLength"/>.</param>
    /// <param name="place">Where they were lost.</param>
    /// <param name="count">How many.</param>
    /// <param name="monotonicNs">When that was noticed, by CLOCK_MONOTONIC.</param>
    /// <param name="sequence">Position in the stream; 0 for one that is told to one subscriber alone.</param>
    /// <param name="clock">For <paramref name="monotonicNs"/>.</param>
    /// <returns>Bytes written.</returns>
    public static int WriteLost(Span<byte> destination, Lost.Types.Place place, ulong count, ulong monotonicNs, ulong sequence, in KernelClock clock)
    {
        ProtoCursor proto = new(destination);
        int begin = proto.Begin(EventBatch.EventsFieldNumber, 1);
        proto.UInt64(Event.KindFieldNumber, (ulong)Event.Types.Kind.Lost);
        proto.UInt64(Event.SequenceFieldNumber, sequence);
        proto.UInt64(Event.MonotonicNsFieldNumber, monotonicNs);
        int lost = proto.Begin(Event.LostFieldNumber, 1);
        proto.UInt64(Lost.PlaceFieldNumber, (ulong)place);
        proto.UInt64(Lost.CountFieldNumber, count);
        proto.End(lost, 1);
        WriteTime(ref proto, Event.TimeFieldNumber, clock.ToUnixNs(monotonicNs));
        proto.End(begin, 1);
        return proto.Length;
    }

    /// <summary>A google.protobuf.Timestamp.</summary>
    public static void WriteTime(ref ProtoCursor proto, int field, long unixNs)
    {
        (long second, uint nanos) = UnixTime.Split(unixNs);
        int begin = proto.Begin(field, 1);
        proto.UInt64(Google.Protobuf.WellKnownTypes.Timestamp.SecondsFieldNumber, (ulong)second);
        proto.UInt64(Google.Protobuf.WellKnownTypes.Timestamp.NanosFieldNumber, nanos);
        proto.End(begin, 1);
    }

    private static void WriteSocket(ref ProtoCursor proto, in EventRecord record)
    {
        int begin = proto.Begin(Event.SocketFieldNumber, 2);
        proto.UInt64(Socket.CookieFieldNumber, record.Cookie);
        if ((record.Flags & EventFlags.Counted) != 0)
            proto.PresentUInt64(Socket.GenerationFieldNumber, record.Generation);
        proto.UInt64(Socket.NetnsFieldNumber, record.Netns);
        proto.UInt64(Socket.InodeFieldNumber, record.Ino);
        WriteEndpoint(ref proto, Socket.LocalFieldNumber, EndpointView.Local(in record));
        WriteEndpoint(ref proto, Socket.RemoteFieldNumber, EndpointView.Remote(in record));
        proto.UInt64(Socket.StateFieldNumber, (ulong)record.State);
        if (record.OldState != record.State)
            proto.UInt64(Socket.OldStateFieldNumber, (ulong)record.OldState);
        proto.Bool(Socket.V4MappedFieldNumber, EndpointView.SpeaksMappedIPv4(in record));
        proto.Bool(Socket.KernelFieldNumber, (record.Flags & EventFlags.Kernel) != 0);
        proto.UInt64(Socket.CgroupIdFieldNumber, record.CgroupId);
        proto.Bool(Socket.OrphanFieldNumber, (record.Holding & Holding.Orphan) != 0);
        if (record.Holders != 0)
            WriteHolders(ref proto, in record);
        proto.End(begin, 2);
    }

    private static void WriteHolders(ref ProtoCursor proto, in EventRecord record)
    {
        proto.PresentUInt64(Socket.HolderCountFieldNumber, record.Holders);
        int begin = proto.Begin(Socket.HolderPidsFieldNumber, 1);
        foreach (uint pid in SocketHolders.Pids(in record))
            proto.AppendVarint(pid);
        proto.End(begin, 1);
    }

    private static void WriteEndpoint(ref ProtoCursor proto, int field, scoped EndpointView end)
    {
        if (!end.IsPresent)
            return;
        int begin = proto.Begin(field, 1);
        proto.Address(Endpoint.AddressFieldNumber, end.Address);
        proto.UInt64(Endpoint.PortFieldNumber, end.Port);
        proto.End(begin, 1);
    }

    private static void WriteKeepalive(ref ProtoCursor proto, in EventRecord record, in KernelClock clock)
    {
        int begin = proto.Begin(Event.KeepaliveFieldNumber, 1);
        proto.PresentUInt64(Keepalive.OnFieldNumber, (record.Flags & EventFlags.Keepalive) != 0 ? 1u : 0u);
        proto.PresentUInt64(Keepalive.IdleSecondsFieldNumber, clock.ToSeconds(record.Idle));
        proto.PresentUInt64(Keepalive.IntervalSecondsFieldNumber, clock.ToSeconds(record.Intvl));
        proto.PresentUInt64(Keepalive.CountFieldNumber, record.Cnt);
        proto.PresentUInt64(Keepalive.UserTimeoutMsFieldNumber, record.UserTimeout);
        proto.Bytes(Keepalive.OwnFieldNumber, SettingLists[(int)record.Own & 15]);
        proto.PresentUInt64(Keepalive.ProbesOutFieldNumber, record.ProbesOut);
        bool counted = (record.Flags & EventFlags.Counted) != 0;
        if (counted)
        {
            proto.PresentUInt64(Keepalive.UnansweredFieldNumber, record.Unanswered);
            proto.PresentUInt64(Keepalive.ProbesFieldNumber, record.Probes);
        }

        if ((record.Flags & EventFlags.Silent) != 0)
            proto.PresentDouble(Keepalive.SilentSecondsFieldNumber, clock.ToMilliseconds(record.Silent) / 1000.0);
        if ((record.Flags & EventFlags.Next) != 0)
            proto.PresentDouble(Keepalive.NextSecondsFieldNumber, clock.ToMilliseconds(record.Next) / 1000.0);
        if (counted)
        {
            proto.PresentUInt64(Keepalive.AnsweredFieldNumber, record.Answered);
            proto.PresentDouble(Keepalive.LongestSilenceSecondsFieldNumber, clock.ToMilliseconds(record.Longest) / 1000.0);
        }

        proto.End(begin, 1);
    }

    private static void WriteProcess(ref ProtoCursor proto, in EventRecord record, ProcessIdentity process)
    {
        int begin = proto.Begin(Event.ProcessFieldNumber, LengthWidth);
        proto.Append(process.Proto);
        proto.UInt64(Process.TidFieldNumber, record.Tid);
        if (record.Fd >= 0)
            proto.PresentUInt64(Process.FdFieldNumber, (uint)record.Fd);
        proto.Bool(Process.ExitedFieldNumber, (record.Holding & Holding.Exited) != 0);
        proto.End(begin, LengthWidth);
    }

    private static void WriteDetail(ref ProtoCursor proto, in EventRecord record)
    {
        switch (record.Kind)
        {
            case EventKind.Enabled:
                WriteCause(ref proto, Event.EnabledFieldNumber, (int)EventMessage.EnabledCause(record.Cause));
                break;
            case EventKind.Configured:
                int configured = proto.Begin(Event.ConfiguredFieldNumber, 1);
                proto.Bytes(Configured.ChangedFieldNumber, SettingLists[(int)record.Changed & 15]);
                proto.End(configured, 1);
                break;
            case EventKind.Timeout:
                int timeout = proto.Begin(Event.TimeoutFieldNumber, 1);
                proto.UInt64(V1.Timeout.CauseFieldNumber, (ulong)EventMessage.TimeoutCause(record.Cause));
                proto.UInt64(V1.Timeout.SkErrFieldNumber, record.Err);
                proto.Bytes(V1.Timeout.ErrorFieldNumber, Errno.Utf8Name(record.Err));
                proto.End(timeout, 1);
                break;
            case EventKind.Answered or EventKind.Recovered:
                int answered = proto.Begin(Event.AnsweredFieldNumber, 1);
                proto.UInt64(Answered.CauseFieldNumber, (ulong)EventMessage.AnsweredCause(record.Cause));
                proto.UInt64(Answered.RoundTripUsFieldNumber, EventMessage.RoundTripUs(in record));
                proto.End(answered, 1);
                break;
            case EventKind.Reset:
                int reset = proto.Begin(Event.ResetFieldNumber, 1);
                proto.UInt64(Reset.SkErrFieldNumber, record.Err);
                proto.Bytes(Reset.ErrorFieldNumber, Errno.Utf8Name(record.Err));
                proto.End(reset, 1);
                break;
            case EventKind.Closed:
                int closed = proto.Begin(Event.ClosedFieldNumber, 1);
                proto.PresentUInt64(Closed.SkErrFieldNumber, record.Err);
                proto.Bytes(Closed.ErrorFieldNumber, Errno.Utf8Name(record.Err));
                proto.End(closed, 1);
                break;
        }
    }

    private static void WriteCause(ref ProtoCursor proto, int field, int cause)
    {
        int begin = proto.Begin(field, 1);
        proto.UInt64(Enabled.CauseFieldNumber, (ulong)cause);
        proto.End(begin, 1);
    }
}
