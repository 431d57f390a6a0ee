using System.CommandLine;
using KaTrace.Cli.Filters;
using KaTrace.Cli.Streaming;
using KaTrace.Filters;
using KaTrace.Server.Tracing;
using KaTrace.V1;

namespace KaTrace.Cli.Serving;

/// <summary><c>katrace serve</c>.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        FilterOptions filters = new();
        TracerFlags tracer = new();
        ServeFlags settings = new();
        Option<bool> verbose = new("--verbose", "-v") { Description = "Say on stderr why a better backend was not possible" };
        Command command = new("serve", "Trace once, and serve the events to any number of clients over gRPC (katrace.v1.Katrace)");
        settings.AddTo(command);
        filters.AddTo(command);
        tracer.AddTo(command);
        command.Options.Add(verbose);
        command.SetAction(result =>
        {
            FilterList list = filters.Read(result);
            if (filters.PrintsRaw(result))
                return FilterOptions.PrintRaw(list);

            ServeSettings read;
            TraceOptions trace;
            try
            {
                read = settings.Read(result);
                if (list.CalculateSize() == 0)
                    list = read.Filters;
                trace = new TraceOptions { Tracer = tracer.Read(result, list), Filter = EventFilter.Compile(list), Reconcile = tracer.ReadReconcile(result), HistoryBytes = read.HistoryBytes };
            }
            catch (Exception e) when (e is FormatException or FilterException)
            {
                Console.Error.WriteLine($"katrace: {e.Message}");
                return ExitCodes.Usage;
            }

            return ServeSession.RunAsync(trace, read.Server, list, result.GetValue(verbose)).GetAwaiter().GetResult();
        });
        return command;
    }
}
