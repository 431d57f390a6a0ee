using KaTrace.Hosts;

namespace KaTrace.Tests.Hosts;

/// <summary>/proc/net/ip_vs, as the kernel writes it (net/netfilter/ipvs/ip_vs_ctl.c).</summary>
public sealed class IpvsTests
{
    [Theory]
    [InlineData("TCP  0A600001:01BB rr  ", "10.96.0.1:443")]
    [InlineData("TCP  [fd00:0000:0000:0000:0000:0000:0000:0001]:0050 rr", "[fd00::1]:80")]
    [InlineData("UDP  0A60000A:0035 rr", null)]
    [InlineData("FWM  00000001 rr", null)]
    [InlineData("  -> 0A000009:01BB      Masq    1      0          0", null)]
    [InlineData("Prot LocalAddress:Port Scheduler Flags", null)]
    [InlineData("TCP  0A6000:01BB rr", null)]
    [InlineData("", null)]
    public void A_service_of_TCP_is_an_address_and_a_port(string line, string? service) => Assert.Equal(service, Ipvs.ParseService(line));
}
