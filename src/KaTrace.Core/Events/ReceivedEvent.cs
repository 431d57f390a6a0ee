using System.Net;
using System.Text;
using KaTrace.Output;
using KaTrace.Processes;
using KaTrace.V1;

namespace KaTrace.Events;

/// <summary>Events that come as messages, made into records again, so that whoever writes records writes them too.</summary>
internal sealed class ReceivedEvent
{
    /// <summary>Messages have their times in milliseconds.</summary>
    private const uint Hz = 1000;

    private const byte AfInet = 2;
    private const byte AfInet6 = 10;
    private const int MostProcesses = 4096;

    /// <summary>By message, and whether it has a uid: as equal alone counts one without and one of root.</summary>
    private readonly Dictionary<(Process, bool HasUid), ProcessIdentity> _processes = [];

    /// <summary>For an event's own times.</summary>
    public static KernelClock ClockOf(Event message) =>
        new(Hz, message.Time is { } time ? (time.Seconds * 1_000_000_000) + time.Nanos - (long)message.MonotonicNs : 0);

    /// <param name="message">Not a notice of loss.</param>
    public static EventRecord RecordOf(Event message)
    {
        RawEvent raw = new()
        {
            Kind = (EventKind)message.Kind,
            Source = (EventSource)message.Source,
            Cpu = message.Cpu,
            CpuSeq = message.CpuSequence,
            TimeNs = message.MonotonicNs,
            NotBeforeNs = message.NotBeforeMonotonicNs,
            Fd = -1,
        };
        if (message.Socket is { } socket)
            SetSocket(ref raw, socket);
        if (message.Keepalive is { } keepalive)
            SetKeepalive(ref raw, keepalive);
        if (message.Process is { } process)
            SetProcess(ref raw, process);
        SetDetail(ref raw, message);
        return raw.ToRecord();
    }

    public static Occurrence OccurrenceOf(Event message) =>
        message.HasCount ? new Occurrence(message.Sequence, message.Count, Math.Min(message.FirstMonotonicNs, message.MonotonicNs)) : message.Sequence;

    /// <summary>The owner, with all that is known of it.</summary>
    public ProcessIdentity? ProcessOf(Event message)
    {
        if (message.Process is not { } process)
            return null;
        Process same = process.Clone();
        (same.Tid, same.Exited) = (0, false);
        same.ClearFd();
        if (_processes.TryGetValue((same, same.HasUid), out ProcessIdentity? known))
            return known;
        if (_processes.Count == MostProcesses)
            _processes.Clear();
        return _processes[(same, same.HasUid)] = IdentityOf(same, Encoding.UTF8.GetBytes(same.Comm));
    }

    private static void SetSocket(ref RawEvent raw, Socket socket)
    {
        raw.Cookie = socket.Cookie;
        raw.Ino = socket.Inode;
        raw.Generation = socket.Generation;
        raw.Netns = socket.Netns;
        raw.State = (TcpState)socket.State;
        raw.OldState = socket.OldState == Socket.Types.State.Unspecified ? raw.State : (TcpState)socket.OldState;
        raw.CgroupId = socket.CgroupId;
        raw.Holders = (ushort)socket.HolderCount;
        raw.Holder = RawEvent.Processes([.. socket.HolderPids.Take(4)]);
        raw.Holding = socket.Orphan ? Holding.Orphan : Holding.None;
        raw.Flags |= (socket.HasGeneration ? EventFlags.Counted : 0) | (socket.Kernel ? EventFlags.Kernel : 0) | (socket.Inode == 0 ? EventFlags.NoFile : 0);
        bool isV6 = socket.V4Mapped || IsV6(socket.Local) || IsV6(socket.Remote);
        raw.Family = isV6 ? AfInet6 : AfInet;
        raw.Laddr = Address(socket.Local, socket.V4Mapped);
        raw.Raddr = Address(socket.Remote, socket.V4Mapped);
        raw.Lport = (ushort)(socket.Local?.Port ?? 0);
        raw.Rport = (ushort)(socket.Remote?.Port ?? 0);
    }

    private static bool IsV6(Endpoint? end) => end?.Address.Contains(':', StringComparison.Ordinal) ?? false;

    private static Address16 Address(Endpoint? end, bool mapped)
    {
        IPAddress address = IPAddress.TryParse(end?.Address, out IPAddress? parsed) ? parsed : IPAddress.Any;
        return RawEvent.Address((mapped ? address.MapToIPv6() : address).GetAddressBytes());
    }

    private static void SetKeepalive(ref RawEvent raw, Keepalive keepalive)
    {
        raw.Idle = Jiffies(keepalive.IdleSeconds);
        raw.Intvl = Jiffies(keepalive.IntervalSeconds);
        raw.Cnt = (byte)keepalive.Count;
        raw.UserTimeout = keepalive.UserTimeoutMs;
        raw.Own = SettingMessages.Set(keepalive.Own);
        raw.ProbesOut = (byte)keepalive.ProbesOut;
        raw.Unanswered = keepalive.Unanswered;
        raw.Probes = keepalive.Probes;
        raw.Answered = keepalive.Answered;
        raw.Silent = Jiffies(keepalive.SilentSeconds);
        raw.Next = Jiffies(keepalive.NextSeconds);
        raw.Longest = Jiffies(keepalive.LongestSilenceSeconds);
        raw.Flags |= (keepalive.On ? EventFlags.Keepalive : 0) | (keepalive.HasSilentSeconds ? EventFlags.Silent : 0) | (keepalive.HasNextSeconds ? EventFlags.Next : 0);
    }

    private static uint Jiffies(double seconds) => uint.CreateSaturating(Math.Round(seconds * Hz));


    private static void SetProcess(ref RawEvent raw, Process process)
    {
        raw.Flags |= EventFlags.Owner;
        (raw.Tgid, raw.Tid, raw.StartNs) = (process.Pid, process.Tid, process.StartBoottimeNs);
        raw.Fd = process.HasFd ? process.Fd : -1;
        raw.Holding |= process.Exited ? Holding.Exited : 0;
    }

    private static void SetDetail(ref RawEvent raw, Event message)
    {
        switch (message.DetailCase)
        {
            case Event.DetailOneofCase.Enabled:
                raw.Cause = message.Enabled.Cause switch
                {
                    Enabled.Types.Cause.Setsockopt => EventCause.Setsockopt,
                    Enabled.Types.Cause.Inherited => EventCause.Inherited,
                    Enabled.Types.Cause.Kernel => EventCause.Kernel,
                    _ => EventCause.None,
                };
                break;
            case Event.DetailOneofCase.Configured:
                raw.Changed = SettingMessages.Set(message.Configured.Changed);
                break;
            case Event.DetailOneofCase.Timeout:
                raw.Cause = message.Timeout.Cause switch
                {
                    V1.Timeout.Types.Cause.Probes => EventCause.Probes,
                    V1.Timeout.Types.Cause.UserTimeout => EventCause.UserTimeout,
                    V1.Timeout.Types.Cause.Retransmit => EventCause.Retransmit,
                    _ => EventCause.None,
                };
                raw.Err = (ushort)message.Timeout.SkErr;
                break;
            case Event.DetailOneofCase.Answered:
                raw.Cause = message.Answered.Cause switch
                {
                    Answered.Types.Cause.Ack => EventCause.Ack,
                    Answered.Types.Cause.Data => EventCause.Data,
                    _ => EventCause.None,
                };
                raw.RttNs = message.Answered.RoundTripUs * 1000ul;
                break;
            case Event.DetailOneofCase.Reset:
                raw.Err = (ushort)message.Reset.SkErr;
                break;
            case Event.DetailOneofCase.Closed:
                raw.Err = (ushort)message.Closed.SkErr;
                break;
        }
    }

    /// <param name="process">As <see cref="Output.EventMessage.ProcessOf(ProcessIdentity)"/> makes it; or anything, as it may be anybody's.</param>
    /// <param name="recordComm">The name as the kernel gave it, without NUL.</param>
    public static ProcessIdentity IdentityOf(Process process, ReadOnlySpan<byte> recordComm) =>
        new(new ProcessKey(process.Pid, process.StartBoottimeNs), recordComm, DetailsOf(process, HostileText.Decode(recordComm)));

    /// <summary>Null if it says no more than who it is.</summary>
    public static ProcessDetails? DetailsOf(Process process, string comm)
    {
        bool known = process.HasUid || !process.Equals(new Process { Pid = process.Pid, Comm = process.Comm, StartBoottimeNs = process.StartBoottimeNs });
        return !known ? null : new ProcessDetails
        {
            Key = new ProcessKey(process.Pid, process.StartBoottimeNs),
            Comm = comm,
            CommandLine = OrNull(process.CommandLine),
            Executable = OrNull(process.Executable),
            Uid = process.HasUid ? process.Uid : null,
            User = OrNull(process.User),
            Container = process.Container is { Id.Length: > 0 } container ? new Processes.Container(OrNull(container.Runtime), OrNull(container.Id)!) : null,
            PodUid = OrNull(process.PodUid),
            Unit = OrNull(process.Unit),
            Program = OrNull(process.Program),
            Runtime = OrNull(process.Runtime),
        };
    }

    /// <summary>No kernel tells more, but an agent or a capture may be anybody's.</summary>
    private static string? OrNull(string text) => text.Length <= ProcessReader.MaxCommandLine
        ? text.Length == 0 ? null : text
        : text[..(ProcessReader.MaxCommandLine - (char.IsHighSurrogate(text[ProcessReader.MaxCommandLine - 1]) ? 1 : 0))];
}
