namespace KaTrace.Events;

/// <summary><c>enum katrace_kind</c>; values are those of <c>katrace.v1.Event.Kind</c>.</summary>
internal enum EventKind : byte
{
    Enabled = 1,
    Disabled = 2,
    Configured = 3,
    Armed = 4,
    Probe = 5,
    Timeout = 6,
    Closed = 7,
    Answered = 8,
    Recovered = 9,
    LocalDrop = 10,
    Reset = 11,
}

/// <summary><c>enum katrace_source</c>: the hook that saw it.</summary>
internal enum EventSource : byte
{
    Setsockopt = 1,
    Timer = 2,
    State = 3,
    Poll = 4,
    Setter = 5,
    Segment = 8,
    Reconciled = 9,
}

/// <summary><c>enum katrace_cause</c>.</summary>
internal enum EventCause : byte
{
    None = 0,
    Setsockopt = 1,
    Inherited = 2,
    Probes = 3,
    UserTimeout = 4,
    Retransmit = 5,
    Ack = 6,
    Data = 7,
    Kernel = 8,
}

/// <summary><c>enum katrace_flag</c>: what is on, and which fields are known.</summary>
[Flags]
internal enum EventFlags : byte
{
    None = 0,
    Keepalive = 1 << 0,
    Silent = 1 << 1,
    Next = 1 << 2,
    Owner = 1 << 3,
    Counted = 1 << 4,
    Kernel = 1 << 5,
    NoFile = 1 << 6,
}

/// <summary><c>enum katrace_holding</c>: what has become of those who held the socket.</summary>
[Flags]
internal enum Holding : byte
{
    None = 0,
    Exited = 1 << 0,
    Orphan = 1 << 1,
}

/// <summary><c>enum katrace_setting</c>.</summary>
[Flags]
internal enum KeepaliveSettings : byte
{
    None = 0,
    Idle = 1 << 0,
    Intvl = 1 << 1,
    Cnt = 1 << 2,
    UserTimeout = 1 << 3,
}

/// <summary>include/net/tcp_states.h.</summary>
internal enum TcpState : byte
{
    None = 0,
    Established = 1,
    SynSent = 2,
    SynRecv = 3,
    FinWait1 = 4,
    FinWait2 = 5,
    TimeWait = 6,
    Close = 7,
    CloseWait = 8,
    LastAck = 9,
    Listen = 10,
    Closing = 11,
    NewSynRecv = 12,
}
