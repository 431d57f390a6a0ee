using Grpc.Core;
using KaTrace.Client;
using KaTrace.Server.Hosting;
using KaTrace.V1;

namespace KaTrace.Tests.Server;

public sealed class TlsTests : IDisposable
{
    private readonly Certificates _ours = new("ours");
    private readonly Certificates _foreign = new("foreign");

    public void Dispose()
    {
        _ours.Dispose();
        _foreign.Dispose();
    }

    [Fact]
    public async Task The_right_certificate_is_let_in()
    {
        await using TestAgent agent = await StartAsync();

        Assert.Equal("test", await VersionAsync(agent, _ours, _ours.Client()));
    }

    [Fact]
    public async Task No_certificate_is_refused()
    {
        await using TestAgent agent = await StartAsync();

        await AssertRefusedAsync(agent, null);
    }

    [Fact]
    public async Task A_foreign_certificate_is_refused()
    {
        await using TestAgent agent = await StartAsync();

        await AssertRefusedAsync(agent, _foreign.Client());
    }

    [Fact]
    public async Task An_expired_certificate_is_refused()
    {
        await using TestAgent agent = await StartAsync();

        await AssertRefusedAsync(agent, _ours.ExpiredClient());
    }

    [Fact]
    public async Task A_certificate_for_servers_is_none_for_clients()
    {
        await using TestAgent agent = await StartAsync();

        await AssertRefusedAsync(agent, _ours.Server("another"));
    }

    [Fact]
    public async Task Plaintext_is_refused()
    {
        await using TestAgent agent = await StartAsync();
        await using KatraceConnection connection = KatraceConnection.Open(AddressOf(agent)["tls://".Length..]);

        await Assert.ThrowsAsync<RpcException>(async () => await connection.Service.GetStatusAsync(new GetStatusRequest()));
    }

    [Fact]
    public async Task A_client_refuses_a_server_of_another_authority()
    {
        await using TestAgent agent = await StartAsync();

        await Assert.ThrowsAsync<RpcException>(() => VersionAsync(agent, _foreign, _ours.Client()));
    }

    [Fact]
    public async Task Without_authorities_for_clients_none_needs_a_certificate()
    {
        (string certificate, string key) = _ours.Server();
        await using TestAgent agent = await StartAsync(new TlsSettings { CertificateFile = certificate, KeyFile = key });

        Assert.Equal("test", await VersionAsync(agent, _ours, null));
    }

    [Fact]
    public async Task A_renewed_certificate_is_used_without_a_restart()
    {
        (string certificate, string key) = _foreign.Server();
        await using TestAgent agent = await StartAsync(new TlsSettings { CertificateFile = certificate, KeyFile = key });
        await Assert.ThrowsAsync<RpcException>(() => VersionAsync(agent, _ours, null));

        (string renewed, string renewedKey) = _ours.Server();
        File.Copy(renewedKey, key, overwrite: true);
        File.Copy(renewed, certificate, overwrite: true);
        File.SetLastWriteTimeUtc(certificate, DateTime.UtcNow.AddSeconds(5));

        Assert.Equal("test", await VersionAsync(agent, _ours, null));
    }

    [Fact]
    public async Task Files_that_cannot_be_used_are_named()
    {
        (string certificate, string _) = _ours.Server();
        (string _, string otherKey) = _ours.Server("other");

        IOException refused = await Assert.ThrowsAnyAsync<IOException>(() => StartAsync(new TlsSettings { CertificateFile = certificate, KeyFile = otherKey }));

        Assert.StartsWith($"cannot use the certificate {certificate} with the key {otherKey}: ", refused.Message, StringComparison.Ordinal);
    }

    private Task<TestAgent> StartAsync()
    {
        (string certificate, string key) = _ours.Server();
        return StartAsync(new TlsSettings { CertificateFile = certificate, KeyFile = key, ClientCaFile = _ours.AuthorityFile });
    }

    private static Task<TestAgent> StartAsync(TlsSettings tls) =>
        TestAgent.StartAsync(options: _ => new ServerOptions { Listen = [ListenAddress.Parse("127.0.0.1:0")], Tls = tls });

    private static string AddressOf(TestAgent agent) => $"tls://127.0.0.1:{agent.Server.Addresses[0].Split(':')[^1]}";

    private static async Task<string> VersionAsync(TestAgent agent, Certificates trusted, (string Certificate, string Key)? client)
    {
        await using KatraceConnection connection = KatraceConnection.Open(
            AddressOf(agent), new KatraceTls { AuthorityFile = trusted.AuthorityFile, CertificateFile = client?.Certificate, KeyFile = client?.Key });
        return (await connection.Service.GetStatusAsync(new GetStatusRequest(), deadline: DateTime.UtcNow.AddSeconds(20))).Version;
    }

    private async Task AssertRefusedAsync(TestAgent agent, (string Certificate, string Key)? client)
    {
        RpcException refused = await Assert.ThrowsAsync<RpcException>(() => VersionAsync(agent, _ours, client));
        Assert.NotEqual(StatusCode.DeadlineExceeded, refused.StatusCode);
    }
}
