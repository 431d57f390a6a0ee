using System.Globalization;
using System.Text;
using KaTrace.Bpf;
using KaTrace.Cli.Filters;
using KaTrace.Coverage;
using KaTrace.Output;

namespace KaTrace.Cli.Streaming;

/// <summary>What <c>katrace stream</c> says on stderr: when it is live, when nothing happens, and at the end.</summary>
internal static class StreamStatus
{
    /// <summary>Scripts wait for this line: from here on every event is seen.</summary>
    public static string Live(KeepaliveTracer tracer, StreamOptions options)
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"katrace: tracing live on kernel {KernelRelease()}: ");
        text.AppendJoin(", ", tracer.Backends.Select(b => $"{b.Hook} by {b.Backend}"));
        text.Append(options.FilterText is null ? "; no filters" : $"; filters {options.FilterText}");
        if (options.Verbose && options.FilterText is not null)
            text.Append(CultureInfo.InvariantCulture, $"\nkatrace: of the filters, the kernel decides {FilterOptions.ToJson(options.Tracer.Filter.Decided)}");
        if (options.Verbose && tracer.Slower is not null)
            text.Append(CultureInfo.InvariantCulture, $"\nkatrace: programs read by helper calls, which is slower: {tracer.Slower}");
        foreach (ChosenBackend backend in options.Verbose ? tracer.Backends : [])
        {
            foreach (string reason in backend.Rejected)
                text.Append(CultureInfo.InvariantCulture, $"\nkatrace: {backend.Hook} not by {reason}");
        }

        return text.ToString();
    }

    public static string NothingYet(StreamOptions options, TimeSpan after, ulong filteredOut)
    {
        string what = options.FilterText is null ? "no keepalive event" : $"no keepalive event that the filters show ({filteredOut} hidden)";
        return $"katrace: {what} in {after.TotalSeconds:0} s; one comes when a program turns SO_KEEPALIVE on, or a probe is due (after 2 h of silence by default). To see how it looks: katrace stream --demo";
    }

    /// <param name="totals">Of the run.</param>
    /// <param name="done">What was done with the events.</param>
    public static string Summary(StreamTotals totals, string done = "shown")
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"katrace: {totals.Shown:N0} events {done}");
        if (totals.Hidden > 0)
            text.Append(CultureInfo.InvariantCulture, $", {totals.Hidden:N0} hidden by filters");
        if (totals.Lost.Count == 0)
            text.Append(", none lost");
        foreach ((V1.Lost.Types.Place place, ulong count) in totals.Lost)
            text.Append(", lost ").Append(LostSentence.Of(place, count));
        if (totals.Probes.Kernel > 0)
            text.Append("; ").Append(CoverageSentence.Of(totals.Probes.Traced, totals.Probes.Kernel));

        return text.ToString();
    }

    public static string KernelRelease() => File.ReadAllText("/proc/sys/kernel/osrelease").TrimEnd();
}
