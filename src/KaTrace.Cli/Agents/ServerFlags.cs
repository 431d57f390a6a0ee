using System.CommandLine;
using KaTrace.Client;

namespace KaTrace.Cli.Agents;

/// <summary>Which agent is asked: flags of whoever can ask one.</summary>
internal sealed class ServerFlags
{
    private const string Variable = "KATRACE_SERVER";

    private readonly Option<string?> _server = new("--server") { Description = $"Ask the agent (katrace serve) at unix:PATH, HOST:PORT or tls://HOST:PORT instead of this kernel; also {Variable}", HelpName = "ADDRESS" };
    private readonly Option<string?> _authorities = new("--tls-ca-cert-files") { Description = "Authorities of the agent's certificate, in PEM", HelpName = "FILE" };
    private readonly Option<string?> _certificate = new("--tls-client-cert-file") { Description = "Certificate to show to the agent", HelpName = "FILE" };
    private readonly Option<string?> _key = new("--tls-client-key-file") { Description = "Its key", HelpName = "FILE" };
    private readonly Option<string?> _name = new("--tls-server-name") { Description = "Name in the agent's certificate, if it is not the host's", HelpName = "NAME" };

    public IReadOnlyList<Option> All => [_server, _authorities, _certificate, _key, _name];

    public void AddTo(Command command)
    {
        foreach (Option option in All)
            command.Options.Add(option);
    }

    /// <summary>Null if none is asked for.</summary>
    public string? Address(ParseResult result) => result.GetValue(_server) ?? Environment.GetEnvironmentVariable(Variable);

    /// <exception cref="FormatException">The address is none.</exception>
    /// <exception cref="IOException">A certificate cannot be read.</exception>
    public KatraceConnection Open(ParseResult result, string address) => KatraceConnection.Open(address, new KatraceTls
    {
        AuthorityFile = result.GetValue(_authorities),
        CertificateFile = result.GetValue(_certificate),
        KeyFile = result.GetValue(_key),
        ServerName = result.GetValue(_name),
    });
}
