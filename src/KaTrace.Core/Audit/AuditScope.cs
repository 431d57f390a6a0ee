using KaTrace.Hosts;
using KaTrace.Knobs;
using KaTrace.Sockets;

namespace KaTrace.Audit;

/// <summary>What rules look at, and by which limits.</summary>
internal sealed class AuditScope : HostView
{
    /// <summary>The same host some time before; null if it was looked at once.</summary>
    public SocketTable? Before { get; init; }

    public AuditLimits Limits { get; init; } = new();

    public IReadOnlyList<PathRule> Paths { get; init; } = [];

    /// <summary>Descriptors of a process; null if they cannot be known.</summary>
    public Func<uint, DescriptorUse?> Descriptors { get; init; } = _ => null;

    /// <summary>Between the two looks; a clock may be set back meanwhile.</summary>
    public TimeSpan Elapsed => Before is null || Table.Time < Before.Time ? TimeSpan.Zero : Table.Time - Before.Time;

    /// <summary>This scope as it was then.</summary>
    public AuditScope? AsBefore => Before is null ? null : new AuditScope { Table = Before, Limits = Limits, Paths = Paths, Settings = Settings, Programs = Programs };

    /// <summary>The limit on the way of a connection: the shortest of all that cover it.</summary>
    public PathLimit? PathOf(in SocketRow row)
    {
        PathLimit? shortest = null;
        foreach (PathRule path in Paths)
        {
            if (path.Covers(in row) && (shortest is null || path.Limit.Timeout < shortest.Timeout))
                shortest = path.Limit;
        }

        return shortest;
    }

    /// <summary>How to mend a socket, by the knob of its program where that is known to help.</summary>
    public string Remedy(in SocketRow row, KnobEffect effect) => KnobAdvice.Of(KnobOf(in row), effect);
}
