using System.Globalization;
using KaTrace.Bpf;
using KaTrace.Timing;

namespace KaTrace.Hosts;

/// <summary>The settings of all network namespaces that can be entered, by inode.</summary>
internal sealed class HostSettings(IReadOnlyDictionary<uint, NamespaceSettings> namespaces, int maxOrphans = HostSettings.DefaultMaxOrphans)
{
    private const int DefaultMaxOrphans = 8192;
    private const string Ipv4 = "/proc/sys/net/ipv4/";
    private const string Netfilter = "/proc/sys/net/netfilter/";

    public static readonly HostSettings Unknown = new(new Dictionary<uint, NamespaceSettings>());

    /// <summary>tcp_max_orphans, of the whole host: beyond it orphans are reset at once.</summary>
    public int MaxOrphans => maxOrphans;

    /// <summary>By inode.</summary>
    public IReadOnlyDictionary<uint, NamespaceSettings> Namespaces => namespaces;

    public NamespaceSettings Of(uint netns) => namespaces.GetValueOrDefault(netns, NamespaceSettings.Default);

    public static HostSettings Read()
    {
        Dictionary<uint, NamespaceSettings> namespaces = [];
        NetworkNamespaces.Visit(netns => namespaces[netns] = ReadHere());
        return new HostSettings(namespaces, (int)(Number(Ipv4 + "tcp_max_orphans") ?? DefaultMaxOrphans));
    }

    /// <summary>Of the namespace that the calling thread is in: /proc/sys/net goes by that.</summary>
    private static NamespaceSettings ReadHere()
    {
        long orphanRetries = Number(Ipv4 + "tcp_orphan_retries") ?? 0;
        IReadOnlySet<string> services = Ipvs.ReadServices();
        return new NamespaceSettings
        {
            Retries = (int)(Number(Ipv4 + "tcp_retries2") ?? RetransmissionLimit.DefaultRetries),
            OrphanRetries = orphanRetries == 0 ? RetransmissionLimit.DefaultOrphanRetries : (int)orphanRetries,
            RtoMin = Number(Ipv4 + "tcp_rto_min_us") is { } us and > 0 ? TimeSpan.FromMicroseconds(us) : RetransmissionLimit.DefaultRtoMin,
            RtoMax = Number(Ipv4 + "tcp_rto_max_ms") is { } ms and > 0 ? TimeSpan.FromMilliseconds(ms) : RetransmissionLimit.DefaultRtoMax,
            // Without a rule that asks for it nothing is tracked, though the module may be loaded.
            Conntrack = Number(Netfilter + "nf_conntrack_count") > 0 && Number(Netfilter + "nf_conntrack_tcp_timeout_established") is { } seconds
                ? TimeSpan.FromSeconds(seconds) : null,
            IpvsServices = services,
            Ipvs = services.Count > 0 ? Ipvs.ReadTcpTimeout() : null,
        };
    }

    private static long? Number(string path)
    {
        try
        {
            return long.TryParse(File.ReadAllText(path).AsSpan().TrimEnd(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // this kernel, or this namespace, has no such setting
        }
    }
}
