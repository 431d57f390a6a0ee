using KaTrace.Knobs;

namespace KaTrace.Tests.Knobs;

/// <summary>The knobs are data: that it is sound, and who is found.</summary>
public sealed class KnobCatalogTests
{
    [Theory]
    [InlineData("redis-server", null, ConnectionSide.Accepted, 40000, "tcp-keepalive")]
    [InlineData("valkey-server", null, ConnectionSide.Accepted, 40000, "tcp-keepalive")]
    [InlineData("redis-server", null, ConnectionSide.Connecting, 6379, "tcp-keepalive")] // of a replica
    [InlineData("clickhouse-serv", "clickhouse", ConnectionSide.Connecting, 9000, "tcp_keep_alive_timeout")]
    [InlineData("smtpd", null, ConnectionSide.Accepted, 40000, "net.ipv4.tcp_keepalive_time")]
    [InlineData("postgres", null, ConnectionSide.Accepted, 40000, "tcp_keepalives_idle")]
    [InlineData("psql", null, ConnectionSide.Connecting, 5432, "keepalives")]
    [InlineData("nginx", null, ConnectionSide.Accepted, 40000, "so_keepalive")]
    [InlineData("nginx", null, ConnectionSide.Connecting, 8080, "proxy_socket_keepalive")]
    [InlineData("sshd", null, ConnectionSide.Accepted, 40000, "TCPKeepAlive")]
    [InlineData("haproxy", null, ConnectionSide.Accepted, 40000, "clitcpka")]
    [InlineData("haproxy", null, ConnectionSide.Connecting, 8080, "srvtcpka")]
    [InlineData(".NET TP Worker", "dotnet", ConnectionSide.Connecting, 5432, "Tcp Keepalive")]
    [InlineData(".NET TP Worker", "dotnet", ConnectionSide.Connecting, 443, "SocketOptionName.KeepAlive")]
    [InlineData("gunicorn", "python3.11", ConnectionSide.Accepted, 40000, "socket.SO_KEEPALIVE")]
    [InlineData("python3", null, ConnectionSide.Connecting, 6379, "socket_keepalive=True")]
    [InlineData("systemd", null, ConnectionSide.Accepted, 0, "KeepAlive=")]
    public void A_program_is_found_by_its_name_or_its_executable_by_side_and_port(string comm, string? executable, object side, int remotePort, string knob) =>
        Assert.StartsWith(knob, KnobCatalog.Find(new ProgramNames([comm, executable ?? comm]), (ConnectionSide)side, (ushort)remotePort)!.Name.Replace("option ", "", StringComparison.Ordinal), StringComparison.Ordinal);

    [Fact]
    public void What_an_interpreter_runs_goes_before_the_interpreter() =>
        Assert.Equal("Kafka", KnobCatalog.Find(new ProgramNames(["java", "kafka.Kafka"]), ConnectionSide.Accepted, 40000)!.Program);

    [Theory] // they overrule what Go does of itself
    [InlineData("traefik", "tcpServersTransport.dialKeepAlive")]
    [InlineData("caddy", "keepalive_interval")]
    [InlineData("nats-server", "none")]
    public void A_known_program_goes_before_the_language_that_it_is_written_in(string program, string knob) =>
        Assert.Equal(knob, KnobCatalog.Find(new ProgramNames([program, "go:"]), ConnectionSide.Connecting, 8080)!.Name);

    [Fact]
    public void A_program_that_nobody_has_looked_up_has_none() =>
        Assert.Null(KnobCatalog.Find(new ProgramNames(["mystery"]), ConnectionSide.Accepted, 0));

    [Fact]
    public void Every_entry_says_where_and_when_it_was_looked_up()
    {
        Assert.NotEmpty(KnobCatalog.All);
        Assert.All(KnobCatalog.All, knob =>
        {
            Assert.Matches("^https?://", knob.Source);
            Assert.Matches("^20[0-9][0-9]-[01][0-9]$", knob.Checked);
            Assert.NotEmpty(knob.Match);
            Assert.NotEmpty(knob.Sides);
            Assert.Equal(knob.IsNone, knob.Changes.Length == 0);
        });
    }

    [Fact]
    public void Every_entry_can_be_found() => Assert.All(KnobCatalog.All, knob => Assert.All(knob.Sides, side =>
        Assert.Same(knob, KnobCatalog.Find(new ProgramNames([knob.Match[0].Replace("*", "", StringComparison.Ordinal)]), side, knob.RemotePorts?[0] ?? 1))));

    [Theory]
    [InlineData(KnobEffect.Idle, "net.ipv4.tcp_keepalive_time")] // sshd has only the switch
    [InlineData(KnobEffect.On, "sshd_config")]
    public void Advice_names_a_knob_only_for_what_it_changes(object effect, string says) =>
        Assert.Contains(says, KnobAdvice.Of(KnobCatalog.Find(new ProgramNames(["sshd"]), ConnectionSide.Accepted, 0), (KnobEffect)effect), StringComparison.Ordinal);
}
