using System.CommandLine;
using KaTrace.Cli.Filters;
using KaTrace.Cli.Printing;
using KaTrace.Filters;
using KaTrace.Output;
using static KaTrace.Cli.ParsedOption;

namespace KaTrace.Cli.Streaming;

/// <summary>The flags of commands that trace for as long as they run.</summary>
/// <param name="print">How events are printed.</param>
internal sealed class StreamFlags(PrintFlags print)
{
    private readonly Option<ulong?> _count = Parsed<ulong?>("--count", "Stop after so many events", "N", text => ParseCount(text));
    private readonly Option<TimeSpan?> _duration = Parsed<TimeSpan?>("--duration", "Stop after a time: 90s, 1h43m, 00:01:30", "TIME", text => DurationText.Parse(text));
    private readonly Option<bool> _self = new("--self") { Description = "Show katrace's own connections too" };
    private readonly Option<bool> _demo = new("--demo") { Description = "Open connections of our own, whose peer answers, is silent, or comes back, and show them" };
    private readonly Option<bool> _verbose = new("--verbose", "-v") { Description = "Say on stderr why a better backend was not possible" };
    private readonly TracerFlags _tracer = new();

    public FilterOptions Filters { get; } = new();

    public void AddTo(Command command)
    {
        Filters.AddTo(command);
        print.AddTo(command);
        foreach (Option option in (Option[])[_count, _duration, _self, _demo, _verbose])
            command.Options.Add(option);
        _tracer.AddTo(command);
    }

    /// <summary>It says how the kernel is to be traced, which is nothing to ask an agent.</summary>
    public bool IsAboutThisKernel(ParseResult result) => result.GetValue(_demo) || _tracer.AnyGiven(result);

    public StreamOptions Read(ParseResult result)
    {
        V1.FilterList list = Filters.Read(result);
        return new StreamOptions
        {
            Filters = list,
            Filter = EventFilter.Compile(list),
            FilterText = list.CalculateSize() > 0 ? FilterOptions.ToJson(list) : null,
            Print = print.Read(result),
            Count = result.GetValue(_count),
            Duration = result.GetValue(_duration),
            ShowSelf = result.GetValue(_self) || result.GetValue(_demo),
            Demo = result.GetValue(_demo),
            Verbose = result.GetValue(_verbose),
            Reconcile = _tracer.ReadReconcile(result),
            Tracer = _tracer.Read(result, list),
        };
    }
}
