using KaTrace.Timing;

namespace KaTrace.Hosts;

/// <summary>What the kernel is set to in one network namespace, as far as it decides how long a connection lives.</summary>
internal sealed record NamespaceSettings
{
    /// <summary>Of a namespace that cannot be entered: what the kernel starts with.</summary>
    public static readonly NamespaceSettings Default = new();

    /// <summary>tcp_retries2.</summary>
    public int Retries { get; init; } = RetransmissionLimit.DefaultRetries;

    /// <summary>tcp_orphan_retries, 0 translated.</summary>
    public int OrphanRetries { get; init; } = RetransmissionLimit.DefaultOrphanRetries;

    /// <summary>tcp_rto_min_us, from Linux 6.11 on.</summary>
    public TimeSpan RtoMin { get; init; } = RetransmissionLimit.DefaultRtoMin;

    /// <summary>tcp_rto_max_ms, from Linux 6.15 on.</summary>
    public TimeSpan RtoMax { get; init; } = RetransmissionLimit.DefaultRtoMax;

    /// <summary>nf_conntrack_tcp_timeout_established; null where connections are not tracked.</summary>
    public TimeSpan? Conntrack { get; init; }

    /// <summary>The TCP timeout of IPVS; null where it has no service.</summary>
    public TimeSpan? Ipvs { get; init; }

    /// <summary>Addresses and ports of the TCP services of IPVS, as <see cref="Output.EndpointText"/> writes them.</summary>
    public IReadOnlySet<string> IpvsServices { get; init; } = new HashSet<string>();
}
