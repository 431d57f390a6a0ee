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
        ServedCaptureFlags captures = new();
        ServeFlags settings = new();
        Option<bool> verbose = new("--verbose", "-v") { Description = "Say on stderr why a better backend was not possible" };
        Command command = new("serve", "Trace once, and serve the events to any number of clients over gRPC (katrace.v1.Katrace)");
        settings.AddTo(command);
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
                read = settings.Read(result);
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
}
