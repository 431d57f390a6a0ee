using System.CommandLine;
using KaTrace.Server.Hosting;

namespace KaTrace.Cli.Serving;

/// <summary>The settings of <c>katrace serve</c> as flags. Each is also a key of the configuration file and an environment variable.</summary>
internal sealed class ServeFlags
{
    private readonly Option<string?> _config = new("--config") { Description = $"Configuration in JSON; {ServeSettings.DefaultFile} if that is there", HelpName = "FILE" };

    private readonly (string Key, Option<string[]> Flag)[] _settings =
    [
        (ServeSettings.Listen, Text("--listen", $"Where to listen, unix:PATH or ADDRESS:PORT; may be repeated; {ListenAddress.DefaultText} by default", "ADDRESS")),
        (ServeSettings.SocketGroup, Text("--socket-group", "Group whose members may use the Unix socket; by default the group of whoever starts the agent", "GROUP")),
        (ServeSettings.TlsCertFile, Text("--tls-cert-file", "Certificate of the server, in PEM: TCP is then served with TLS", "FILE")),
        (ServeSettings.TlsKeyFile, Text("--tls-key-file", "Its key", "FILE")),
        (ServeSettings.TlsClientCaFile, Text("--tls-client-ca-file", "Clients must show a certificate of these authorities", "FILE")),
        (ServeSettings.TlsInsecure, Switch("--tls-insecure", "Serve other hosts without TLS: whoever reaches the port reads all")),
        (ServeSettings.History, Text("--history", "Memory for the events that are kept: 64M", "BYTES")),
        (ServeSettings.PingAfter, Text("--ping-after", "A client that has sent nothing for so long is asked, by an HTTP/2 PING, whether it is there: 20s", "TIME")),
        (ServeSettings.GoneAfter, Text("--gone-after", "A client that gives no answer for so long is gone; one stopped for less goes on: 90s", "TIME")),
    ];

    public void AddTo(Command command)
    {
        foreach ((string _, Option<string[]> flag) in _settings)
            command.Options.Add(flag);
        command.Options.Add(_config);
    }

    /// <exception cref="FormatException">Something cannot be; the message says where it was said, and what is allowed.</exception>
    /// <exception cref="IOException">The configuration file cannot be read.</exception>
    public ServeSettings Read(ParseResult result) => ServeSettings.Read(result.GetValue(_config), _settings
        .Where(setting => result.GetResult(setting.Flag) is { Implicit: false })
        .Select(setting => (setting.Key, setting.Flag.Name, string.Join(',', result.GetValue(setting.Flag)!))));

    private static Option<string[]> Text(string name, string help, string placeholder) =>
        new(name) { Description = help, HelpName = placeholder, Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false };

    private static Option<string[]> Switch(string name, string help) =>
        new(name) { Description = help, Arity = ArgumentArity.Zero, CustomParser = _ => ["true"] };
}
