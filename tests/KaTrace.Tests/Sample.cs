using System.Runtime.CompilerServices;
using KaTrace.Events;
using KaTrace.Processes;

namespace KaTrace.Tests;

/// <summary>One connection of a server, and what the kernel may say of it.</summary>
internal static class Sample
{
    public const uint Hz = 250;
    private const byte AfInet = 2;
    private const byte AfInet6 = 10;

    /// <summary>1,000 seconds after boot it is 2026-08-21 10:46:34.123456789 UTC.</summary>
    public static readonly KernelClock Clock = new(Hz, 1_787_309_194_123_456_789 - 1_000_000_000_000);

    public static readonly ProcessIdentity Redis = Process(520, 12_340_000_000, "redis-server"u8, "redis-server *:6379");

    /// <summary>Of which all is known.</summary>
    public static readonly ProcessIdentity Shop = new(
        new ProcessKey(640, 56_780_000_000),
        ".NET TP Worker"u8,
        new ProcessDetails
        {
            Key = new ProcessKey(640, 56_780_000_000),
            Comm = ".NET TP Worker",
            Executable = "/usr/share/dotnet/dotnet",
            CommandLine = "dotnet /app/Shop.Api.dll",
            Uid = 1654,
            User = "app",
            Container = new Container("containerd", "7d3a1c5e9b2f4a6081c3d5e7f9a0b2c4d6e8f0a1b3c5d7e9f1a2b4c6d8e0f2a4"),
            Unit = "shop.service",
            PodUid = "0c1e2a3b-4d5f-6071-8293-a4b5c6d7e8f9",
            Program = "Shop.Api",
            Runtime = ".NET 10.0.1",
        });

    private static readonly RawEvent Connection = new()
    {
        Size = (ushort)Unsafe.SizeOf<EventRecord>(),
        Cpu = 1,
        CpuSeq = 41,
        TimeNs = 1_000_000_000_000,
        Sk = 0xffff_8881_0000_0000,
        Cookie = 12,
        Ino = 34567,
        Generation = 1,
        Netns = 4026531840,
        Laddr = RawEvent.Address("10.0.0.5"),
        Raddr = RawEvent.Address("10.0.0.9"),
        Lport = 6379,
        Rport = 51812,
        Family = AfInet,
        State = TcpState.Established,
        OldState = TcpState.Established,
        Flags = EventFlags.Keepalive | EventFlags.Silent | EventFlags.Next | EventFlags.Owner | EventFlags.Counted,
        Idle = 60 * Hz,
        Intvl = 75 * Hz,
        Cnt = 9,
        Own = KeepaliveSettings.Idle,
        Silent = 60 * Hz,
        Next = 75 * Hz,
        Fd = -1,
        Tgid = 520,
        StartNs = 12_340_000_000,
        Comm = RawEvent.Name("redis-server"),
        CgroupId = 4567,
    };

    public static RawEvent Enabled => Connection with
    {
        Kind = EventKind.Enabled, Source = EventSource.Setsockopt, Cause = EventCause.Setsockopt, Fd = 7, Tid = 521,
    };

    public static RawEvent Disabled => Connection with
    {
        Kind = EventKind.Disabled, Source = EventSource.Setsockopt, Cause = EventCause.Setsockopt, Fd = 7, Tid = 521,
        Flags = Connection.Flags & ~(EventFlags.Keepalive | EventFlags.Next), Next = 0,
    };

    public static RawEvent Configured => Connection with
    {
        Kind = EventKind.Configured, Source = EventSource.Setsockopt, Fd = 7, Tid = 521, Cnt = 3,
        Own = KeepaliveSettings.Idle | KeepaliveSettings.Cnt, Changed = KeepaliveSettings.Idle | KeepaliveSettings.Cnt,
    };

    public static RawEvent Armed => Connection with
    {
        Kind = EventKind.Armed, Source = EventSource.State, OldState = TcpState.SynSent, Silent = 0, Next = 60 * Hz,
    };

    public static RawEvent Probe => Connection with
    {
        Kind = EventKind.Probe, Source = EventSource.Timer, ProbesOut = 2, Unanswered = 2, Probes = 5, Silent = 75 * Hz,
    };

    public static RawEvent Timeout => Connection with
    {
        Kind = EventKind.Timeout, Source = EventSource.Timer, Cause = EventCause.Probes, Err = 110,
        State = TcpState.Close, OldState = TcpState.Close, ProbesOut = 3, Unanswered = 3, Probes = 6,
        Flags = Connection.Flags & ~EventFlags.Next, Silent = 4 * Hz + 25,
    };

    public static RawEvent Closed => Connection with
    {
        Kind = EventKind.Closed, Source = EventSource.State, State = TcpState.Close, OldState = TcpState.LastAck,
        Flags = Connection.Flags & ~(EventFlags.Silent | EventFlags.Next), Probes = 12, Answered = 12,
    };

    public static RawEvent Answered => Connection with
    {
        Kind = EventKind.Answered, Source = EventSource.Poll, Cause = EventCause.Ack, Unanswered = 1, Probes = 5, Answered = 5,
        RttNs = 1_234_567, Longest = 60 * Hz,
    };

    public static RawEvent Recovered => Connection with
    {
        Kind = EventKind.Recovered, Source = EventSource.Timer, Cause = EventCause.Data, ProbesOut = 3, Unanswered = 3, Probes = 7,
        Answered = 5, RttNs = 2_000_000_000, Longest = 210 * Hz,
    };

    public static RawEvent LocalDrop => Connection with
    {
        Kind = EventKind.LocalDrop, Source = EventSource.Timer, Silent = 60 * Hz, Next = Hz / 2,
    };

    public static RawEvent Reset => Connection with
    {
        Kind = EventKind.Reset, Source = EventSource.State, Err = 104, State = TcpState.Close, OldState = TcpState.Established,
        Flags = Connection.Flags & ~EventFlags.Next, ProbesOut = 1, Unanswered = 1, Probes = 1, Longest = 60 * Hz,
    };

    /// <summary>Turned on where no hook saw it, on a socket that is shared.</summary>
    public static RawEvent Found => Connection with
    {
        Kind = EventKind.Enabled, Source = EventSource.Reconciled, NotBeforeNs = 990_200_000_000,
        Holder = RawEvent.Processes(520, 522, 523), Holders = 3,
    };

    /// <summary>The last that is heard of a socket whose owner has exited.</summary>
    public static RawEvent Orphaned => Closed with
    {
        Flags = Closed.Flags | EventFlags.NoFile, Ino = 0, Holding = Holding.Exited | Holding.Orphan,
    };

    /// <summary>Of which only the command line could be read.</summary>
    public static ProcessIdentity Process(uint pid, ulong startNs, ReadOnlySpan<byte> comm, string? commandLine)
    {
        ProcessKey key = new(pid, startNs);
        return new ProcessIdentity(key, comm, new ProcessDetails { Key = key, Comm = HostileText.Decode(comm), CommandLine = commandLine });
    }

    /// <summary>The same connection over IPv6.</summary>
    public static RawEvent OverIPv6(this RawEvent raw) => raw with
    {
        Family = AfInet6, Laddr = RawEvent.Address("2001:db8::5"), Raddr = RawEvent.Address("2001:db8::9"),
    };

    /// <summary>The same connection on an AF_INET6 socket that speaks IPv4.</summary>
    public static RawEvent OverMappedIPv4(this RawEvent raw) => raw with
    {
        Family = AfInet6, Laddr = RawEvent.Address("::ffff:10.0.0.5"), Raddr = RawEvent.Address("::ffff:10.0.0.9"),
    };
}
