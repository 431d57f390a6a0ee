using KaTrace.Events;
using KaTrace.Filters;

namespace KaTrace.Sockets;

/// <summary>Sets of states, by the names that ss(8) takes: one state, or a group.</summary>
/// <param name="Mask">Bit n is state n of <see cref="TcpState"/>.</param>
internal readonly record struct SocketStates(uint Mask)
{
    private const uint EveryMask = ((1u << 13) - 1) & ~1u;

    /// <summary>NEW_SYN_RECV is what a connection in SYN_RECV is until the handshake is through: nobody asks for the one without the other.</summary>
    private static readonly SocketStates SynRecv = Of(TcpState.SynRecv, TcpState.NewSynRecv);

    public static readonly SocketStates Every = new(EveryMask);

    public static readonly SocketStates Listening = Of(TcpState.Listen);

    /// <summary>Group "connected" of ss.</summary>
    private static readonly SocketStates Connected = new(EveryMask & ~Of(TcpState.Listen, TcpState.Close).Mask);

    private static readonly SocketStates Buckets = new(SynRecv.Mask | Of(TcpState.TimeWait).Mask);

    /// <summary>What ss shows when it is not told.</summary>
    public static readonly SocketStates Usual = new(Connected.Mask & ~Buckets.Mask);

    private static readonly (string Name, SocketStates States)[] Names =
    [
        ("established", Of(TcpState.Established)), ("estab", Of(TcpState.Established)),
        ("syn-sent", Of(TcpState.SynSent)),
        ("syn-recv", SynRecv),
        ("fin-wait-1", Of(TcpState.FinWait1)), ("fin-wait1", Of(TcpState.FinWait1)),
        ("fin-wait-2", Of(TcpState.FinWait2)), ("fin-wait2", Of(TcpState.FinWait2)),
        ("time-wait", Of(TcpState.TimeWait)),
        ("closed", Of(TcpState.Close)), ("close", Of(TcpState.Close)), ("unconnected", Of(TcpState.Close)),
        ("close-wait", Of(TcpState.CloseWait)),
        ("last-ack", Of(TcpState.LastAck)),
        ("listening", Listening), ("listen", Listening),
        ("closing", Of(TcpState.Closing)),
        ("all", Every),
        ("connected", Connected),
        ("synchronized", new(Connected.Mask & ~Of(TcpState.SynSent).Mask)),
        ("bucket", Buckets),
        ("big", new(EveryMask & ~Buckets.Mask)),
    ];

    public bool Has(TcpState state) => (Mask >> (int)state & 1) != 0;

    /// <param name="name">In lower or upper case, with dashes or underscores.</param>
    /// <exception cref="FilterException">There is no such state.</exception>
    public static SocketStates Parse(string name)
    {
        string wanted = name.Replace('_', '-');
        foreach ((string known, SocketStates states) in Names)
        {
            if (known.Equals(wanted, StringComparison.OrdinalIgnoreCase))
                return states;
        }

        throw new FilterException($"bad state '{name}': it is one of {string.Join(", ", Names.Select(n => n.Name))}");
    }

    private static SocketStates Of(params ReadOnlySpan<TcpState> states)
    {
        uint mask = 0;
        foreach (TcpState state in states)
            mask |= 1u << (int)state;
        return new SocketStates(mask);
    }
}
