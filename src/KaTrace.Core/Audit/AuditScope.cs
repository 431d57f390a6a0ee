using KaTrace.Hosts;
using KaTrace.Knobs;
using KaTrace.Output;
using KaTrace.Processes;
using KaTrace.Sockets;

namespace KaTrace.Audit;

/// <summary>What rules look at, and by which limits.</summary>
internal sealed class AuditScope
{
    public required SocketTable Table { get; init; }

    /// <summary>The same host some time before; null if it was looked at once.</summary>
    public SocketTable? Before { get; init; }

    public AuditLimits Limits { get; init; } = new();

    public IReadOnlyList<PathRule> Paths { get; init; } = [];

    public HostSettings Host { get; init; } = HostSettings.Unknown;

    /// <summary>Descriptors of a process; null if they cannot be known.</summary>
    public Func<uint, DescriptorUse?> Descriptors { get; init; } = _ => null;

    public ProgramLookup Programs { get; init; } = ProgramLookup.None;

    /// <summary>Between the two looks.</summary>
    public TimeSpan Elapsed => Before is null ? TimeSpan.Zero : Table.Time - Before.Time;

    /// <summary>This scope as it was then.</summary>
    public AuditScope? AsBefore => Before is null ? null : new AuditScope { Table = Before, Limits = Limits, Paths = Paths, Host = Host, Programs = Programs };

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

    /// <summary>The process that stands for a socket: the first that holds it.</summary>
    public SocketProcess? OwnerOf(in SocketRow row) => row.HolderCount > 0 ? Table.Processes[Table.HoldersOf(in row)[0].Process] : null;

    /// <summary>Its name, or why there is none.</summary>
    public string ProgramOf(in SocketRow row) => OwnerOf(in row)?.Comm ?? Nobody.Of(in row);

    /// <summary>How to mend a socket, by the knob of its program where that is known to help.</summary>
    public string Remedy(in SocketRow row, KnobEffect effect) => KnobAdvice.Of(KnobOf(in row), effect);

    public Knob? KnobOf(in SocketRow row) =>
        OwnerOf(in row) is { } owner ? KnobCatalog.Find(Programs.Names(owner), ConnectionSides.Of(in row), row.Rport) : null;

    public TimeSpan Time(uint jiffies) => Table.Clock.ToTime(jiffies);

    public static string Safe(string text) => HostileText.Decode(HostileText.ForTerminal(text));
}
