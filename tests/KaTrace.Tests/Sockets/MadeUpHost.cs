using System.Net;
using KaTrace.Events;
using KaTrace.Interop;
using KaTrace.Processes;
using KaTrace.Sockets;

namespace KaTrace.Tests.Sockets;

/// <summary>A table of sockets as a test wants it. Without more words a connection is ESTABLISHED, has keepalive off and the kernel's
/// own settings, and was heard just now.</summary>
internal sealed class MadeUpHost
{
    public const uint Hz = 250;
    public const uint Netns = 4026531840;

    private static readonly DateTimeOffset Noon = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    private readonly List<SocketRow> _rows = [];
    private readonly List<SocketHolder> _holders = [];
    private readonly List<SocketProcess> _processes = [];

    public delegate void Change(ref SocketRow row);

    /// <summary>Time of the look, from noon on.</summary>
    public TimeSpan At { get; init; }

    /// <summary>CLOCK_REALTIME less CLOCK_MONOTONIC.</summary>
    public long RealtimeOffsetNs { get; init; }

    public SocketTable Table => new(_rows.ToArray(), _holders.ToArray(), _processes, new KernelClock(Hz, RealtimeOffsetNs), Noon + At, []);

    public static uint Seconds(double seconds) => (uint)(seconds * Hz);

    /// <returns>For the sockets that it holds.</returns>
    public int Process(uint pid, string comm)
    {
        _processes.Add(new SocketProcess(new ProcessKey(pid, pid * 1_000_000_000UL), comm));
        return _processes.Count - 1;
    }

    public int Listen(int? process, string local, Change? change = null) => Add(process, local, "0.0.0.0:0", (ref row) =>
    {
        (row.State, row.Flags) = (TcpState.Listen, SocketFlags.None);
        change?.Invoke(ref row);
    });

    public int Connect(int? process, string local, string remote, Change? change = null) => Add(process, local, remote, change);

    /// <summary>A connection that came in by a listener.</summary>
    public int Accept(int listener, string remote, Change? change = null)
    {
        SocketRow by = _rows[listener];
        int? process = by.HolderCount > 0 ? _holders[by.FirstHolder].Process : null;
        string local = $"10.0.0.5:{by.Lport}";
        return Add(process, local, remote, (ref row) =>
        {
            row.Listener = listener;
            change?.Invoke(ref row);
        });
    }

    /// <summary>Makes two sockets the two sides of one connection.</summary>
    public void Join(int one, int other)
    {
        _rows[one] = _rows[one] with { Peer = other };
        _rows[other] = _rows[other] with { Peer = one };
    }

    private int Add(int? process, string local, string remote, Change? change)
    {
        IPEndPoint here = IPEndPoint.Parse(local), there = IPEndPoint.Parse(remote);
        SocketRow row = new()
        {
            Cookie = (ulong)_rows.Count + 1,
            Ino = (ulong)_rows.Count + 1000,
            Netns = Netns,
            Family = (byte)(here.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? Libc.AF_INET : Libc.AF_INET6),
            Lport = (ushort)here.Port,
            Rport = (ushort)there.Port,
            State = TcpState.Established,
            Flags = SocketFlags.Silent,
            Idle = Seconds(7200),
            Intvl = Seconds(75),
            Cnt = 9,
            Peer = -1,
            Listener = -1,
            FirstHolder = _holders.Count,
            HolderCount = process is null ? 0 : 1,
        };
        here.Address.GetAddressBytes().CopyTo(row.Laddr);
        there.Address.GetAddressBytes().CopyTo(row.Raddr);
        change?.Invoke(ref row);
        if (process is { } holder)
            _holders.Add(new SocketHolder(holder, _holders.Count + 3));
        _rows.Add(row);
        return _rows.Count - 1;
    }
}
