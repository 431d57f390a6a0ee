using KaTrace.Events;
using KaTrace.Hosts;
using KaTrace.Knobs;
using KaTrace.Processes;
using KaTrace.Sockets;
using KaTrace.Tests.Sockets;

namespace KaTrace.Tests.Hosts;

/// <summary>Hosts as a kernel may show them, with every value that it may have: few addresses and ports, so that many sockets are the
/// two sides of one connection, or listeners of others.</summary>
internal sealed class RandomHosts(int seed)
{
    /// <summary>As a socket of each kind has them: IPv4, IPv6, and AF_INET6 that speaks IPv4.</summary>
    private static readonly string[][] Addresses =
    [
        ["0.0.0.0", "127.0.0.1", "10.0.0.5", "10.0.0.9"],
        ["::", "::1", "fd00::5", "fe80::1:0:0:9"],
        ["::ffff:127.0.0.1", "::ffff:10.0.0.5", "::ffff:10.0.0.9"],
    ];

    private static readonly string[] Names = ["redis-server", "postgres", "java", "a\u202eb", "\e[31m", "\"\\", "", "naïve", "\ufffd\ufffd"];
    private static readonly uint[] Namespaces = [Rows.Netns, 4026532000, 0];

    private readonly Random _random = new(seed);

    public static MadeUpLook Look(int seed) => new RandomHosts(seed).Look();

    private MadeUpLook Look()
    {
        SocketProcess[] processes = [.. Enumerable.Range(1, _random.Next(6)).Select(i => new SocketProcess(new ProcessKey((uint)(i * 100 + _random.Next(99)), (ulong)_random.NextInt64()), One(Names)))];
        List<SocketHolder> holders = [];
        SocketRow[] rows = [.. Enumerable.Range(0, _random.Next(14)).Select(_ => Row(processes, holders))];
        for (int i = 1; i < rows.Length; i += 2)
        {
            if (Maybe())
                MakeOtherSide(ref rows[i], in rows[i - 1]);
            else
                MakeListener(ref rows[i], in rows[i - 1]);
        }

        ConnectionEnds.Link(rows);
        uint hz = One(100u, 250u, 300u, 1000u);
        Dictionary<ProcessKey, ProcessDetails> details = processes.Where(_ => Maybe()).ToDictionary(process => process.Key, Details);
        HashSet<ProcessKey> go = [.. processes.Where(_ => Maybe()).Select(process => process.Key)];
        return new MadeUpLook(new SocketTable(rows, holders.ToArray(), processes, new KernelClock(hz, 0), DateTimeOffset.UnixEpoch.AddTicks(_random.NextInt64(1L << 55)), Maybe() ? [] : ["network namespace 1 cannot be entered (EPERM)"]))
        {
            NodeName = One("node-1", "\"\e\u202e"),
            Settings = new HostSettings(Namespaces.Where(_ => Maybe()).ToDictionary(netns => netns, _ => Settings()), _random.Next(4)),
            Programs = new ProgramLookup(details, go.Contains),
            Descriptors = processes.Where(_ => Maybe()).ToDictionary(process => process.Key.Pid, _ => new DescriptorUse(_random.Next(2000), One(0L, 1024L, 1L << 40))),
        };
    }

    private SocketRow Row(SocketProcess[] processes, List<SocketHolder> holders)
    {
        string[] addresses = One(Addresses);
        SocketRow row = new()
        {
            Cookie = (ulong)_random.Next(20),
            Ino = (ulong)_random.Next(20),
            Netns = One(Namespaces),
            Family = (byte)(addresses == Addresses[0] ? 2 : 10),
            Laddr = Rows.Address(One(addresses)),
            Raddr = Rows.Address(One(addresses)),
            Lport = One<ushort>(80, 6379, 40000, 65535),
            Rport = One<ushort>(80, 6379, 40000, 65535),
            State = (TcpState)_random.Next(1, 13),
            Peer = -1,
            Listener = -1,
            FirstHolder = holders.Count,
            Retransmits = Byte(),
        };
        if (row.State is TcpState.Listen or TcpState.Close)
            (row.Raddr, row.Rport, row.Lport) = (Rows.Address(Any(row.Family)), 0, row.State == TcpState.Close && Maybe() ? (ushort)0 : row.Lport);
        if (row.IsSocket)
            FillSocket(ref row);
        if (Maybe())
            (row.Flags, row.OtherTimerNext, row.OtherTimer) = (row.Flags | SocketFlags.OtherTimer, _random.Next(-500, 100_000), row.State == TcpState.TimeWait ? (byte)0 : One<byte>(1, 3, 5, 6));
        if (row.State == TcpState.TimeWait)
            row.Substate = One(TcpState.TimeWait, TcpState.FinWait2);
        foreach (int process in Enumerable.Range(0, processes.Length).Where(_ => row.IsSocket && _random.Next(3) == 0))
            holders.Add(new SocketHolder(process, _random.Next(5) == 0 ? -1 : _random.Next()));
        row.HolderCount = holders.Count - row.FirstHolder;
        return row;
    }

    private void MakeOtherSide(ref SocketRow row, in SocketRow other)
    {
        if (other.State is TcpState.Listen or TcpState.Close || row.State is TcpState.Listen or TcpState.Close)
            return;
        (row.Family, row.Netns, row.Laddr, row.Lport) = (other.Family, Maybe() ? other.Netns : row.Netns, other.Raddr, other.Rport);
        (row.Raddr, row.Rport) = (other.Laddr, other.Lport);
    }

    private void MakeListener(ref SocketRow row, in SocketRow connection)
    {
        if (!row.IsSocket || !connection.IsConnected)
            return;
        (row.State, row.Family, row.Netns, row.Lport) = (TcpState.Listen, connection.Family, connection.Netns, connection.Lport);
        row.Laddr = Maybe() ? connection.Laddr : Rows.Address(Any(row.Family));
        (row.Raddr, row.Rport) = (Rows.Address(Any(row.Family)), 0);
    }

    private static string Any(byte family) => family == 2 ? "0.0.0.0" : "::";

    private void FillSocket(ref SocketRow row)
    {
        row.Uid = One(0u, 1000u, uint.MaxValue);
        row.CgroupId = One(0ul, 77ul, ulong.MaxValue);
        row.Flags = (SocketFlags)_random.Next(1 << 9) & ~SocketFlags.OtherTimer;
        row.Idle = Number();
        row.Intvl = Number();
        row.UserTimeout = Maybe() ? 0 : Number();
        row.Cnt = Byte();
        row.Own = (KeepaliveSettings)_random.Next(16);
        row.ProbesOut = Byte();
        row.Silent = (row.Flags & SocketFlags.Silent) == 0 ? 0 : Number();
        row.Probed = (row.Flags & SocketFlags.Probed) == 0 ? 0 : Number();
        row.Next = (row.Flags & SocketFlags.Next) == 0 ? 0 : _random.Next(-500, int.MaxValue);
        row.PacketsOut = Maybe() ? 0 : Number();
        row.RecvQueue = Maybe() ? 0 : Number();
        row.SendQueue = Maybe() ? 0 : Number();
    }

    private ProcessDetails Details(SocketProcess process) => new()
    {
        Key = process.Key,
        Comm = process.Comm,
        Executable = One(null, "/usr/bin/redis-server", "/x (deleted)"),
        CommandLine = One(null, "redis-server *:6379", "a\nb\u2028"),
        Uid = (uint)_random.Next(2),
        User = One(null, "root"),
        Container = One<Container?>(null, new Container(null, new string('a', 64)), new Container("docker", "x")),
        Unit = One(null, "redis.service"),
        PodUid = One(null, "0c1e"),
        Program = One(null, "server.py"),
        Runtime = One(null, ".NET 10.0.1"),
    };

    private NamespaceSettings Settings() => new()
    {
        Retries = _random.Next(256),
        OrphanRetries = _random.Next(256),
        RtoMin = TimeSpan.FromMicroseconds(_random.Next(1, int.MaxValue)),
        RtoMax = TimeSpan.FromMilliseconds(_random.Next(1, int.MaxValue)),
        Conntrack = Maybe() ? null : TimeSpan.FromSeconds(Number()),
        Ipvs = Maybe() ? null : TimeSpan.FromSeconds(Number()),
        IpvsServices = Maybe() ? new HashSet<string>() : new HashSet<string> { "10.0.0.5:80", "[fd00::5]:6379" },
    };

    private bool Maybe() => _random.Next(2) == 0;

    private T One<T>(params T[] values) => values[_random.Next(values.Length)];

    private byte Byte() => One<byte>(0, 1, 9, (byte)_random.Next(256));

    private uint Number() => One(0u, 1u, (uint)_random.Next(1000), 60_000u, 7200u * 250, (uint)_random.Next(), uint.MaxValue);
}
