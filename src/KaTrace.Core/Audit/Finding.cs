using KaTrace.Knobs;

namespace KaTrace.Audit;

/// <summary>What a rule has found: one for all sockets of one program at one port, however many there are.</summary>
internal sealed record Finding
{
    public required string Rule { get; init; }

    public required Severity Severity { get; init; }

    /// <summary>"redis-server", or why there is no process: not made safe for a terminal.</summary>
    public required string Program { get; init; }

    /// <summary>Of the processes, in ascending order.</summary>
    public IReadOnlyList<uint> Pids { get; init; } = [];

    public ConnectionSide Side { get; init; }

    /// <summary>Local port of what it accepts, remote port of what it connects to; 0 where the finding is not of one port.</summary>
    public ushort Port { get; init; }

    /// <summary>Sockets.</summary>
    public int Count { get; init; }

    /// <summary>By how much the count grew between two looks; null after one.</summary>
    public int? Growth { get; init; }

    /// <summary>What is the matter.</summary>
    public required string Sentence { get; init; }

    /// <summary>What to do.</summary>
    public required string Remedy { get; init; }

    /// <summary>Of the expectation in its file; 0: of a rule.</summary>
    public int Line { get; init; }

    /// <summary>Some of the sockets, by index into the table.</summary>
    public IReadOnlyList<int> Examples { get; init; } = [];
}
