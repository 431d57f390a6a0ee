namespace KaTrace.Audit;

/// <summary>From where on a rule speaks up.</summary>
internal sealed record AuditLimits
{
    /// <summary>Silence of a connection without keepalive.</summary>
    public TimeSpan Silent { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Time until keepalive notices a dead peer.</summary>
    public TimeSpan Detection { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The shortest idle time, and interval, that are not over-eager.</summary>
    public TimeSpan Eager { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Connections of one server without keepalive.</summary>
    public int Connections { get; init; } = 50;

    /// <summary>Connections of one program that the peer has closed and the program has not.</summary>
    public int CloseWait { get; init; } = 20;

    /// <summary>Orphans, in percent of tcp_max_orphans.</summary>
    public int OrphansPercent { get; init; } = 25;

    /// <summary>Open descriptors, in percent of RLIMIT_NOFILE.</summary>
    public int DescriptorsPercent { get; init; } = 80;

    /// <summary>A process whose descriptors last no longer than this, at the rate that <c>--watch</c> sees.</summary>
    public TimeSpan Exhaustion { get; init; } = TimeSpan.FromDays(1);
}
