using KaTrace.Filters;
using KaTrace.Processes;
using KaTrace.V1;

namespace KaTrace.Sockets;

/// <summary>Decides which rows of one table are shown, as <see cref="EventFilter"/> does for events. A process matches if it holds the socket.</summary>
internal sealed class SocketFilter
{
    private readonly (CompiledFilter Filter, bool[]? Processes)[] _allow;
    private readonly (CompiledFilter Filter, bool[]? Processes)[] _deny;
    private readonly SocketTable _table;
    private readonly Lazy<ProcessIdentity[]> _processes;

    /// <param name="filters">What they ask.</param>
    /// <param name="table">What is asked.</param>
    /// <param name="identify">What is known of the table's processes, in its order. Called only where the filters ask about processes.</param>
    /// <exception cref="FilterException">A value cannot be.</exception>
    public SocketFilter(FilterList filters, SocketTable table, Func<ProcessIdentity[]> identify)
    {
        (_table, _processes) = (table, new Lazy<ProcessIdentity[]>(identify));
        _allow = [.. filters.AllowList.Select(Compile)];
        _deny = [.. filters.DenyList.Select(Compile)];
    }

    public bool Matches(in SocketRow row) => (_allow.Length == 0 || Any(_allow, in row)) && !Any(_deny, in row);

    private bool Any((CompiledFilter Filter, bool[]? Processes)[] filters, in SocketRow row)
    {
        foreach ((CompiledFilter filter, bool[]? processes) in filters)
        {
            if (filter.MatchesSocket(in row) && (processes is null || AnyHolder(in row, processes)))
                return true;
        }

        return false;
    }

    private bool AnyHolder(in SocketRow row, bool[] processes)
    {
        foreach (SocketHolder holder in _table.HoldersOf(in row))
        {
            if (processes[holder.Process])
                return true;
        }

        return false;
    }

    /// <summary>Names are compared once a process, not once a socket.</summary>
    private (CompiledFilter Filter, bool[]? Processes) Compile(Filter filter)
    {
        CompiledFilter compiled = new(filter);
        return (compiled, compiled.AsksProcess ? [.. _processes.Value.Select(compiled.MatchesProcess)] : null);
    }
}
