using System.Globalization;
using System.Net.Sockets;
using KaTrace.Output;

namespace KaTrace.Hosts;

/// <summary>The kernel's own load balancer, as kube-proxy uses it, in the namespace of the calling thread.</summary>
internal static class Ipvs
{
    private const string Services = "/proc/thread-self/net/ip_vs";

    // include/uapi/linux/ip_vs.h: IP_VS_BASE_CTL + 6, and struct ip_vs_timeout_user, whose first number is of TCP, in seconds.
    private const int SolIp = 0;
    private const int GetTimeout = 64 + 1024 + 64 + 6;
    private const int TimeoutSize = 12;

    /// <summary>"10.0.0.1:80" of each TCP service; none where IPVS is not loaded.</summary>
    public static IReadOnlySet<string> ReadServices()
    {
        try
        {
            return File.ReadLines(Services).Select(ParseService).OfType<string>().ToHashSet();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new HashSet<string>();
        }
    }

    /// <summary>Null where it may not be read: that takes CAP_NET_ADMIN.</summary>
    public static TimeSpan? ReadTcpTimeout()
    {
        try
        {
            using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            byte[] timeouts = new byte[TimeoutSize];
            return socket.GetRawSocketOption(SolIp, GetTimeout, timeouts) >= sizeof(int)
                ? TimeSpan.FromSeconds(BitConverter.ToInt32(timeouts))
                : null;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    /// <summary>"TCP  0A000001:0050 rr" or "TCP  [fd00:…:0001]:0050 rr"; others are of another protocol, or of firewall marks.</summary>
    internal static string? ParseService(string line)
    {
        string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        int colon = fields.Length < 2 || fields[0] != "TCP" ? -1 : fields[1].LastIndexOf(':');
        if (colon < 0
            || !ushort.TryParse(fields[1].AsSpan(colon + 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort port))
        {
            return null;
        }

        string address = fields[1][..colon];
        if (address.StartsWith('['))
            return System.Net.IPAddress.TryParse(address.Trim('[', ']'), out System.Net.IPAddress? v6) ? $"[{AddressText.ToText(v6.GetAddressBytes())}]:{port}" : null;
        return address.Length == 8 && address.All(char.IsAsciiHexDigit) ? $"{AddressText.ToText(Convert.FromHexString(address))}:{port}" : null;
    }
}
