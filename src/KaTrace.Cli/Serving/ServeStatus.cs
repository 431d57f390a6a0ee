using System.Globalization;
using System.Text;
using KaTrace.Bpf;
using KaTrace.Cli.Filters;
using KaTrace.Output;
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
        StringBuilder text = new("katrace: serving on ");
        // Ports may have been chosen by the kernel; Unix sockets have moved to where they can be found.
        text.AppendJoin(", ", options.Listen.Select((address, i) => address.UnixPath is null ? PortOf(agent.Addresses[i]) : address.Text));
        text.Append(": ").AppendJoin(", ", traced.Tracer.Backends.Select(b => $"{b.Hook} by {b.Backend}"));
        text.Append(filters.CalculateSize() == 0 ? "; no filters" : $"; filters {FilterOptions.ToJson(filters)}");
        foreach (ChosenBackend backend in verbose ? traced.Tracer.Backends : [])
        {
            foreach (string reason in backend.Rejected)
                text.Append(CultureInfo.InvariantCulture, $"\nkatrace: {backend.Hook} not by {reason}");
        }

        return text.ToString();
    }

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

    private static string PortOf(string url) => url[(url.IndexOf("://", StringComparison.Ordinal) + 3)..];
}
