using KaTrace.Events;
using KaTrace.Hosts;
using KaTrace.Sockets;
using KaTrace.Tests.Sockets;
using KaTrace.Timing;

namespace KaTrace.Tests.Timing;

/// <summary>When the kernel gives a connection up, by its own arithmetic.</summary>
public sealed class DeadPeerTests
{
    private static readonly KernelClock Clock = new(MadeUpHost.Hz, 0);

    [Theory]
    [InlineData(7200, 75, 9, 0, 7875, 9)] // the defaults
    [InlineData(60, 20, 3, 0, 120, 3)] // redis with tcp-keepalive 60
    [InlineData(1, 1, 9, 2500, 3, 2)] // measured: dies at 3.03 s, after two probes
    [InlineData(15, 15, 9, 20_000, 30, 1)] // Go, with gRPC's user timeout
    [InlineData(15, 15, 1, 45_000, 45, 2)] // beyond the count, which is ignored
    [InlineData(60, 10, 3, 5_000, 70, 1)] // shorter than the idle time: still one probe
    public void A_dead_peer_is_noticed(int idle, int interval, byte count, uint userTimeout, int after, uint probes)
    {
        SocketRow row = new() { Idle = MadeUpHost.Seconds(idle), Intvl = MadeUpHost.Seconds(interval), Cnt = count, UserTimeout = userTimeout };
        DeadPeer dead = DeadPeer.Of(in row, Clock);
        Assert.Equal((TimeSpan.FromSeconds(after), probes, userTimeout != 0), (dead.After, dead.Probes, dead.ByUserTimeout));
    }

    [Theory]
    [InlineData(60, 1)]
    [InlineData(63, 8)]
    [InlineData(504, 64)] // 2 s
    [InlineData(4032, 512)] // 16 s
    [InlineData(1_800_000, 32_768)] // 2 h: 131 s
    public void A_timer_is_as_coarse_as_its_slot_of_the_wheel(uint jiffies, uint granularity) =>
        Assert.Equal(granularity, TimerWheel.Granularity(jiffies));

    [Theory]
    [InlineData(15, 924.6)] // Documentation/networking/ip-sysctl.rst, tcp_retries2
    [InlineData(8, 102.2)]
    [InlineData(3, 3)]
    public void Unacknowledged_data_is_sent_again_for(int retries, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), RetransmissionLimit.Of(retries, RetransmissionLimit.DefaultRtoMin, RetransmissionLimit.DefaultRtoMax));

    [Theory]
    [InlineData(SocketFlags.None, 0, 924.6)]
    [InlineData(SocketFlags.Orphan, 0, 102.2)]
    [InlineData(SocketFlags.None, 20_000, 20)]
    public void How_long_depends_on_who_still_holds_it_and_on_the_user_timeout(object flags, uint userTimeout, double seconds)
    {
        SocketRow row = new() { Flags = (SocketFlags)flags, UserTimeout = userTimeout };
        Assert.Equal(TimeSpan.FromSeconds(seconds), UnacknowledgedLimit.Of(in row, NamespaceSettings.Default));
    }
}
