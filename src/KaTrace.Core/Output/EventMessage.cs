using Google.Protobuf.WellKnownTypes;
using KaTrace.Events;
using KaTrace.Interop;
using KaTrace.Processes;
using KaTrace.V1;

namespace KaTrace.Output;

/// <summary>Turns records into the contract's messages: the one place that says what each field of <see cref="Event"/>
/// means. <see cref="JsonEventWriter"/> says the same faster, and is tested against this.</summary>
internal static class EventMessage
{
    /// <param name="record">The event.</param>
    /// <param name="process">The owner of its socket; null if unknown.</param>
    /// <param name="occurrence">Where it is in the stream.</param>
    /// <param name="clock">For the times of the record.</param>
    /// <param name="nodeName">The host that the event comes from.</param>
    public static Event From(
        in EventRecord record, ProcessIdentity? process, Occurrence occurrence, in KernelClock clock, string nodeName)
    {
        Event message = new()
        {
            Kind = (Event.Types.Kind)record.Kind,
            Sequence = occurrence.Sequence,
            MonotonicNs = record.TimeNs,
            Cpu = record.Cpu,
            CpuSequence = record.CpuSeq,
            Source = (Event.Types.Source)record.Source,
            Socket = SocketOf(in record),
            Keepalive = KeepaliveOf(in record, in clock),
            Process = process is null ? null : ProcessOf(in record, process),
            NodeName = nodeName,
            Time = TimeOf(clock.ToUnixNs(record.TimeNs)),
            NotBeforeMonotonicNs = record.NotBeforeNs,
        };
        if (record.Source == EventSource.Reconciled)
        {
            if (process is not null)
                message.Assumed.Add(Event.Types.Assumed.Owner);
            message.Assumed.Add(Event.Types.Assumed.Time);
        }

        if (occurrence.IsAggregate)
            (message.Count, message.FirstMonotonicNs) = (occurrence.Count, occurrence.FirstNs);
        SetDetail(message, in record);
        return message;
    }

    /// <summary>A notice that events did not reach the stream.</summary>
    public static Event Lost(
        Lost.Types.Place place, ulong count, ulong monotonicNs, ulong sequence, in KernelClock clock, string nodeName) => new()
        {
            Kind = Event.Types.Kind.Lost,
            Sequence = sequence,
            MonotonicNs = monotonicNs,
            Lost = new Lost { Place = place, Count = count },
            NodeName = nodeName,
            Time = TimeOf(clock.ToUnixNs(monotonicNs)),
        };

    private static Socket SocketOf(in EventRecord record)
    {
        Socket socket = new()
        {
            Cookie = record.Cookie,
            Netns = record.Netns,
            Inode = record.Ino,
            Local = EndpointOf(EndpointView.Local(in record)),
            Remote = EndpointOf(EndpointView.Remote(in record)),
            State = (Socket.Types.State)record.State,
            V4Mapped = EndpointView.SpeaksMappedIPv4(in record),
            Kernel = (record.Flags & EventFlags.Kernel) != 0,
            CgroupId = record.CgroupId,
            Orphan = (record.Holding & Holding.Orphan) != 0,
            HolderCount = record.Holders,
            HolderPids = { SocketHolders.Pids(in record).ToArray() },
        };
        if (record.OldState != record.State)
            socket.OldState = (Socket.Types.State)record.OldState;
        if ((record.Flags & EventFlags.Counted) != 0)
            socket.Generation = record.Generation;
        return socket;
    }

    public static Endpoint? EndpointOf(EndpointView end) =>
        end.IsPresent ? new Endpoint { Address = AddressText.ToText(end.Address), Port = end.Port } : null;

    private static Keepalive KeepaliveOf(in EventRecord record, in KernelClock clock)
    {
        Keepalive keepalive = new()
        {
            On = (record.Flags & EventFlags.Keepalive) != 0,
            IdleSeconds = clock.ToSeconds(record.Idle),
            IntervalSeconds = clock.ToSeconds(record.Intvl),
            Count = record.Cnt,
            UserTimeoutMs = record.UserTimeout,
            Own = { SettingMessages.List(record.Own) },
            ProbesOut = record.ProbesOut,
        };
        if ((record.Flags & EventFlags.Counted) != 0)
        {
            keepalive.Unanswered = record.Unanswered;
            keepalive.Probes = record.Probes;
            keepalive.Answered = record.Answered;
            keepalive.LongestSilenceSeconds = clock.ToMilliseconds(record.Longest) / 1000.0;
        }

        if ((record.Flags & EventFlags.Silent) != 0)
            keepalive.SilentSeconds = clock.ToMilliseconds(record.Silent) / 1000.0;
        if ((record.Flags & EventFlags.Next) != 0)
            keepalive.NextSeconds = clock.ToMilliseconds(record.Next) / 1000.0;
        return keepalive;
    }

    /// <summary>What is the same for all events of a process.</summary>
    public static Process ProcessOf(ProcessIdentity identity) => ProcessOf(identity.Key, identity.Comm, identity.Details);

    /// <param name="key">In the initial pid namespace.</param>
    /// <param name="comm">As the kernel has it.</param>
    /// <param name="details">What else is known; null: nothing.</param>
    public static Process ProcessOf(ProcessKey key, string comm, ProcessDetails? details)
    {
        Process process = new() { Pid = key.Pid, Comm = comm, StartBoottimeNs = key.StartBoottimeNs };
        if (details is not null)
            SetDetails(process, details);
        return process;
    }

    private static Process ProcessOf(in EventRecord record, ProcessIdentity identity)
    {
        Process process = ProcessOf(identity);
        process.Tid = record.Tid;
        process.Exited = (record.Holding & Holding.Exited) != 0;
        if (record.Fd >= 0)
            process.Fd = record.Fd;
        return process;
    }

    private static void SetDetails(Process process, ProcessDetails details)
    {
        process.CommandLine = details.CommandLine ?? "";
        process.Executable = details.Executable ?? "";
        if (details.Uid is { } uid)
            process.Uid = uid;
        process.User = details.User ?? "";
        if (details.Container is { } container)
            process.Container = new V1.Container { Runtime = container.Runtime ?? "", Id = container.Id };
        process.PodUid = details.PodUid ?? "";
        process.Unit = details.Unit ?? "";
        process.Program = details.Program ?? "";
        process.Runtime = details.Runtime ?? "";
    }

    private static void SetDetail(Event message, in EventRecord record)
    {
        switch (record.Kind)
        {
            case EventKind.Enabled:
                message.Enabled = new Enabled { Cause = EnabledCause(record.Cause) };
                break;
            case EventKind.Configured:
                message.Configured = new Configured { Changed = { SettingMessages.List(record.Changed) } };
                break;
            case EventKind.Timeout:
                message.Timeout = new V1.Timeout
                {
                    Cause = TimeoutCause(record.Cause),
                    SkErr = record.Err,
                    Error = Errno.Name(record.Err) ?? "",
                };
                break;
            case EventKind.Answered or EventKind.Recovered:
                message.Answered = new Answered { Cause = AnsweredCause(record.Cause), RoundTripUs = RoundTripUs(in record) };
                break;
            case EventKind.Reset:
                message.Reset = new Reset { SkErr = record.Err, Error = Errno.Name(record.Err) ?? "" };
                break;
            case EventKind.Closed:
                message.Closed = new Closed { SkErr = record.Err, Error = Errno.Name(record.Err) ?? "" };
                break;
        }
    }

    public static Enabled.Types.Cause EnabledCause(EventCause cause) => cause switch
    {
        EventCause.Setsockopt => Enabled.Types.Cause.Setsockopt,
        EventCause.Inherited => Enabled.Types.Cause.Inherited,
        EventCause.Kernel => Enabled.Types.Cause.Kernel,
        _ => Enabled.Types.Cause.Unspecified,
    };

    public static V1.Timeout.Types.Cause TimeoutCause(EventCause cause) => cause switch
    {
        EventCause.Probes => V1.Timeout.Types.Cause.Probes,
        EventCause.UserTimeout => V1.Timeout.Types.Cause.UserTimeout,
        EventCause.Retransmit => V1.Timeout.Types.Cause.Retransmit,
        _ => V1.Timeout.Types.Cause.Unspecified,
    };

    public static Answered.Types.Cause AnsweredCause(EventCause cause) => cause switch
    {
        EventCause.Ack => Answered.Types.Cause.Ack,
        EventCause.Data => Answered.Types.Cause.Data,
        _ => Answered.Types.Cause.Unspecified,
    };

    /// <summary>More than 71 minutes would be no round trip.</summary>
    public static uint RoundTripUs(in EventRecord record) => (uint)Math.Min(record.RttNs / 1000, uint.MaxValue);

    public static Timestamp TimeOf(long unixNs)
    {
        (long second, uint nanos) = UnixTime.Split(unixNs);
        return new Timestamp { Seconds = second, Nanos = (int)nanos };
    }
}
