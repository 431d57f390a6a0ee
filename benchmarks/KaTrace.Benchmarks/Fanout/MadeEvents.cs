using System.Text;
using KaTrace.Events;
using KaTrace.Processes;

namespace KaTrace.Benchmarks.Fanout;

/// <summary>Probes of a server's connections, as they come from the ring.</summary>
internal static class MadeEvents
{
    public static readonly KernelClock Clock = new(250, new RealtimeOffset().Ns);

    private static readonly ProcessKey Key = new(520, 12_340_000_000);

    public static readonly ProcessIdentity Process =
        new(Key, "redis-server"u8, new ProcessDetails { Key = Key, Comm = "redis-server", CommandLine = "/usr/bin/redis-server 127.0.0.1:6379", Unit = "redis-server.service" });

    public static EventRecord Next(ulong number) => new RawEvent
    {
        Kind = EventKind.Probe, Source = EventSource.Timer, Cpu = 1, CpuSeq = number, TimeNs = RealtimeOffset.MonotonicNs,
        Cookie = 4096 + (number & 1023), Ino = 34567, Generation = 1, Netns = 4026531840, Family = 2, State = TcpState.Established, OldState = TcpState.Established,
        Laddr = RawEvent.Address([10, 0, 0, 5]), Raddr = RawEvent.Address([10, 0, (byte)(number >> 8), (byte)number]), Lport = 6379, Rport = (ushort)(1024 + (number & 0x7fff)),
        Flags = EventFlags.Keepalive | EventFlags.Silent | EventFlags.Next | EventFlags.Owner | EventFlags.Counted,
        Idle = 15000, Intvl = 18750, Cnt = 9, Silent = 15000, Next = 18750, ProbesOut = 1, Unanswered = 1, Probes = 5, Fd = -1,
        Tgid = 520, Tid = 520, StartNs = 12_340_000_000, CgroupId = 4567, Comm = Comm,
    }.ToRecord();

    private static Comm16 Comm { get; } = RawEvent.Name("redis-server");
}
