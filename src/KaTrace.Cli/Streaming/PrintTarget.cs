using KaTrace.Cli.Printing;
using KaTrace.Output;

namespace KaTrace.Cli.Streaming;

/// <summary>Lines on standard output.</summary>
internal sealed class PrintTarget : IStreamTarget
{
    private readonly StandardOutput _output = new();

    public PrintTarget(PrintOptions options) => Writer = options.NewWriter(_output, Environment.MachineName);

    public IEventWriter Writer { get; }

    public IEventOutput Output => _output;

    public bool IsWatched =>
        new FileInfo("/proc/self/fd/1").LinkTarget is not { } target || !target.StartsWith('/') || target.StartsWith("/dev/", StringComparison.Ordinal);

    public int End(StreamTotals totals)
    {
        Console.Error.WriteLine(StreamStatus.Summary(totals));
        return ExitCodes.Ok;
    }

    public void Dispose() => _output.Dispose();
}
