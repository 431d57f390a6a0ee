using System.Globalization;
using System.Text;
using KaTrace.Bpf;
using KaTrace.Cli.Filters;
using KaTrace.Cli.Replaying;
using KaTrace.Output;
using KaTrace.Processes;
using KaTrace.Server.Hosting;
using KaTrace.Server.Tracing;
using KaTrace.V1;

namespace KaTrace.Cli.Serving;

/// <summary>What <c>katrace serve</c> says on stderr.</summary>
internal static class ServeStatus
{
    /// <summary>Scripts wait for this line: from here on every event is kept, and clients can connect.</summary>
    public static string Serving(TracedLog traced, ServerOptions options, AgentServer agent, FilterList filters, bool verbose)
    {
        StringBuilder text = Serving(options, agent);
        text.AppendJoin(", ", traced.Tracer.Backends.Select(b => $"{b.Hook} by {b.Backend}"));
        text.Append(Of(filters));
        foreach (ChosenBackend backend in verbose ? traced.Tracer.Backends : [])
        {
            foreach (string reason in backend.Rejected)
                text.Append(CultureInfo.InvariantCulture, $"\nkatrace: {backend.Hook} not by {reason}");
        }

        return text.ToString();
    }

    /// <summary>Scripts wait for this line too: the first event follows it.</summary>
    public static string Serving(ReplayedAgent replayed, ReplayOptions replay, ServerOptions options, AgentServer agent, FilterList filters)
    {
        GetStatusResponse status = new();
        replayed.Describe(status);
        StringBuilder text = Serving(options, agent);
        text.Append(CultureInfo.InvariantCulture, $"{string.Join(", ", status.Replay.Files)}, recorded on {Safe(replayed.Identity.NodeName)} from {status.StartTime.ToDateTime():yyyy-MM-dd'T'HH:mm:ss.fff'Z'} on");
        text.Append(replay.Speed is { } speed ? string.Create(CultureInfo.InvariantCulture, $", at {speed}x") : ", as fast as it can be read");
        return text.Append(Of(filters)).ToString();
    }

    public static string Through(ReplayedAgent replayed, bool ends) =>
        $"katrace: {replayed.Summary}; the capture is through{(ends ? "" : ", and what is kept of it is served until interrupted")}";

    public static string Summary(TracedLog traced)
    {
        GetStatusResponse status = new();
        traced.Describe(status);
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"katrace: {traced.Log.End - 1:N0} events");
        if (status.Lost.Count == 0)
            text.Append(", none lost");
        foreach (Lost lost in status.Lost)
            text.Append(", lost ").Append(LostSentence.Of(lost.Place, lost.Count));
        if (status.ProbeCoverage is { Counted: > 0 } probes)
            text.Append("; ").Append(CoverageSentence.Of(probes.Traced, probes.Counted));
        return text.ToString();
    }

    private static StringBuilder Serving(ServerOptions options, AgentServer agent)
    {
        StringBuilder text = new("katrace: serving on ");
        // Ports may have been chosen by the kernel; Unix sockets have moved to where they can be found.
        text.AppendJoin(", ", options.Listen.Select((address, i) => address.UnixPath is null ? PortOf(agent.Addresses[i]) : address.Text));
        return text.Append(": ");
    }

    private static string Of(FilterList filters) => filters.CalculateSize() == 0 ? "; no filters" : $"; filters {FilterOptions.ToJson(filters)}";

    private static string Safe(string hostile) => HostileText.Decode(HostileText.ForTerminal(hostile));

    private static string PortOf(string url) => url[(url.IndexOf("://", StringComparison.Ordinal) + 3)..];
}
