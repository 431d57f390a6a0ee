using KaTrace.Output;

namespace KaTrace.Cli.Streaming;

/// <summary>Where the events of a run go.</summary>
internal interface IStreamTarget : IDisposable
{
    IEventWriter Writer { get; }

    IEventOutput Output { get; }

    /// <summary>Somebody waits for each event: it is not only put into a file.</summary>
    bool IsWatched { get; }

    /// <summary>The run is over: the last words, on stderr.</summary>
    /// <returns>The exit code.</returns>
    int End(StreamTotals totals);
}
