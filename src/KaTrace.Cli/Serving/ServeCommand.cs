using System.CommandLine;
using KaTrace.Cli.Filters;
using KaTrace.Cli.Streaming;
using KaTrace.Filters;
using KaTrace.Server.Hosting;
using KaTrace.Server.Tracing;
using KaTrace.V1;

namespace KaTrace.Cli.Serving;

/// <summary><c>katrace serve</c>: its flags. Each is also a key of the configuration file and an environment variable.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        FilterOptions filters = new();
        TracerFlags tracer = new();
        ServedCaptureFlags captures = new();
        Option<string?> config = new("--config") { Description = $"Configuration in JSON; {ServeSettings.DefaultFile} if that is there", HelpName = "FILE" };
        Option<bool> verbose = new("--verbose", "-v") { Description = "Say on stderr why a better backend was not possible" };
        (string Key, Option<string[]> Flag)[] settings =
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

        Command command = new("serve", "Trace once, and serve the events to any number of clients over gRPC (katrace.v1.Katrace)");
        foreach ((string _, Option<string[]> flag) in settings)
            command.Options.Add(flag);
        command.Options.Add(config);
        filters.AddTo(command);
        tracer.AddTo(command);
        captures.AddTo(command, tracer.All);
        command.Options.Add(verbose);
        command.SetAction(result =>
        {
            FilterList list = filters.Read(result);
            if (filters.PrintsRaw(result))
                return FilterOptions.PrintRaw(list);

            ServeSettings read;
            EventFilter filter;
            try
            {
                read = ServeSettings.Read(result.GetValue(config), settings
                    .Where(setting => result.GetResult(setting.Flag) is { Implicit: false })
                    .Select(setting => (setting.Key, setting.Flag.Name, string.Join(',', result.GetValue(setting.Flag)!))));
                if (list.CalculateSize() == 0)
                    list = read.Filters;
                filter = EventFilter.Compile(list);
            }
            catch (Exception e) when (e is FormatException or FilterException)
            {
                Console.Error.WriteLine($"katrace: {e.Message}");
                return ExitCodes.Usage;
            }

            if (captures.Read(result, filter) is { } replay)
                return ServeSession.ReplayAsync(replay, captures.ExitsAtEnd(result), read, list).GetAwaiter().GetResult();
            TraceOptions trace = new() { Tracer = tracer.Read(result, list), Filter = filter, Reconcile = tracer.ReadReconcile(result), HistoryBytes = read.HistoryBytes };
            return ServeSession.TraceAsync(trace, read.Server, list, result.GetValue(verbose)).GetAwaiter().GetResult();
        });
        return command;
    }

    private static Option<string[]> Text(string name, string help, string placeholder) =>
        new(name) { Description = help, HelpName = placeholder, Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false };

    private static Option<string[]> Switch(string name, string help) =>
        new(name) { Description = help, Arity = ArgumentArity.Zero, CustomParser = _ => ["true"] };
}
