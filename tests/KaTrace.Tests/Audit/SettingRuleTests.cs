using KaTrace.Audit;
using KaTrace.Events;
using KaTrace.Sockets;
using KaTrace.Tests.Sockets;

namespace KaTrace.Tests.Audit;

/// <summary>Settings that do not do what whoever set them may think, or take long.</summary>
public sealed class SettingRuleTests
{
    private readonly MadeUpHost _host = new();

    [Fact]
    public void Detection_that_takes_longer_than_the_limit_is_found_with_its_arithmetic()
    {
        int program = _host.Process(520, "worker");
        _host.Connect(program, "10.0.0.5:40000", "10.0.0.9:5000", (ref row) => row.Flags |= SocketFlags.Keepalive);

        Finding found = Assert.Single(Audited.Find("slow-detection", _host));
        Assert.Contains("2 h 11 m: idle 7200 s + 9 × 75 s", found.Sentence, StringComparison.Ordinal);
        Assert.Empty(Audited.Find("slow-detection", _host, scope => scope.With(limits: new AuditLimits { Detection = TimeSpan.FromSeconds(7875) })));
    }

    [Fact]
    public void Times_that_are_set_while_keepalive_is_off_are_found_once_where_the_listener_passes_them_on()
    {
        int program = _host.Process(520, "worker");
        int listener = _host.Listen(program, "0.0.0.0:80", Idle30);
        _host.Accept(listener, "10.0.0.9:40000", Idle30);

        Finding found = Assert.Single(Audited.Find("settings-while-off", _host));
        Assert.Equal([listener], found.Examples);
        Assert.Contains("idle 30 s", found.Sentence, StringComparison.Ordinal);
        Assert.DoesNotContain("interval", found.Sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("idle 30000 s", true)]
    [InlineData("idle 7200 s", false)]
    [InlineData("idle 4000 s", false)]
    [InlineData("interval 5000 s", true)]
    [InlineData("interval 75 s", false)]
    [InlineData("user timeout 30 ms", true)]
    [InlineData("user timeout 30000 ms", false)]
    [InlineData("idle 30000 s of the sysctl", false)]
    public void A_time_is_taken_for_a_mistake_of_units(string setting, bool isMistake)
    {
        int program = _host.Process(520, "worker");
        _host.Connect(program, "10.0.0.5:40000", "10.0.0.9:5000", (ref row) =>
        {
            uint value = uint.Parse(setting.Split(' ').First(word => char.IsAsciiDigit(word[0])));
            row.Flags |= SocketFlags.Keepalive;
            if (setting.StartsWith("idle", StringComparison.Ordinal))
                (row.Idle, row.Own) = (MadeUpHost.Seconds(value), setting.EndsWith("sysctl", StringComparison.Ordinal) ? 0 : KeepaliveSettings.Idle);
            else if (setting.StartsWith("interval", StringComparison.Ordinal))
                (row.Intvl, row.Own) = (MadeUpHost.Seconds(value), KeepaliveSettings.Intvl);
            else
                (row.UserTimeout, row.Own) = (value, KeepaliveSettings.UserTimeout);
        });

        Assert.Equal(isMistake, Audited.Find("unit-mistake", _host).Length == 1);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(10, false)]
    public void An_idle_time_below_the_limit_is_over_eager(int idle, bool isFound)
    {
        int program = _host.Process(520, "worker");
        _host.Connect(program, "10.0.0.5:40000", "10.0.0.9:5000", (ref row) => (row.Flags, row.Idle) = (row.Flags | SocketFlags.Keepalive, MadeUpHost.Seconds(idle)));

        Assert.Equal(isFound, Audited.Find("over-eager", _host).Length == 1);
    }

    [Fact]
    public void A_user_timeout_without_keepalive_is_found()
    {
        int program = _host.Process(520, "worker");
        _host.Connect(program, "10.0.0.5:40000", "10.0.0.9:5000", (ref row) => (row.UserTimeout, row.Own) = (20_000, KeepaliveSettings.UserTimeout));

        Assert.Contains("20 s", Assert.Single(Audited.Find("user-timeout-alone", _host)).Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void A_user_timeout_that_overrides_the_count_is_found_with_both_times()
    {
        int program = _host.Process(520, "worker");
        void Go(ref SocketRow row, uint userTimeout)
        {
            (row.Idle, row.Intvl, row.Cnt, row.UserTimeout) = (MadeUpHost.Seconds(15), MadeUpHost.Seconds(15), 9, userTimeout);
            row.Flags |= SocketFlags.Keepalive;
        }

        _host.Connect(program, "10.0.0.5:40000", "10.0.0.9:5000", (ref row) => Go(ref row, 20_000));
        _host.Connect(program, "10.0.0.5:40001", "10.0.0.9:5000", (ref row) => Go(ref row, 150_000)); // 15 + 9 × 15 s as well

        Finding found = Assert.Single(Audited.Find("user-timeout-overrides-count", _host));
        Assert.Equal([0], found.Examples);
        Assert.Contains("after 30 s", found.Sentence, StringComparison.Ordinal);
        Assert.Contains("not after 2 m 30 s", found.Sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, 0, false)]
    [InlineData(3, 0, true)]
    [InlineData(3, 20_000, false)]
    public void Data_that_is_sent_again_and_again_without_a_user_timeout_is_found(int retransmits, int userTimeout, bool isFound)
    {
        int program = _host.Process(520, "worker");
        _host.Connect(program, "10.0.0.5:40000", "10.0.0.9:5000", (ref row) =>
        {
            (row.Retransmits, row.PacketsOut, row.UserTimeout) = ((byte)retransmits, 1, (uint)userTimeout);
            (row.OtherTimer, row.Flags) = (1, row.Flags | SocketFlags.OtherTimer | SocketFlags.Keepalive);
        });

        Finding[] found = Audited.Find("retransmission-alone", _host);
        Assert.Equal(isFound, found.Length == 1);
        Assert.All(found, f => Assert.Contains("15 m 24 s", f.Sentence, StringComparison.Ordinal));
    }

    private static void Idle30(ref SocketRow row) => (row.Idle, row.Own) = (MadeUpHost.Seconds(30), KeepaliveSettings.Idle);
}
