using KaTrace.Sockets;
using KaTrace.V1;

namespace KaTrace.Cli.Listing;

/// <summary>What a run of <c>katrace list</c> is to show.</summary>
internal sealed record ListOptions
{
    public required FilterList Filters { get; init; }

    public required SocketStates States { get; init; }

    /// <summary>Null: no condition.</summary>
    public SocketExpression? Expression { get; init; }

    /// <summary>Null: on and off.</summary>
    public bool? Keepalive { get; init; }

    /// <summary>table, wide, json or csv.</summary>
    public required string Format { get; init; }

    public required IReadOnlyList<Column> Columns { get; init; }

    public required IReadOnlyList<SortOrder> Sort { get; init; }

    public bool Header { get; init; }

    public bool ResolveNames { get; init; }

    /// <summary>Of the terminal; null: it is none, or columns were asked for.</summary>
    public int? Width { get; init; }
}
