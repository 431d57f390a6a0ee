using KaTrace.Events;
using KaTrace.Processes;
using KaTrace.V1;

namespace KaTrace.Filters;

/// <summary>Decides which events are shown: those that a filter of the allow list matches, or all if that list is empty,
/// less those that one of the deny list matches.</summary>
/// <remarks>Immutable, so threads may share it. Matching allocates nothing.</remarks>
internal sealed class EventFilter
{
    /// <summary>Shows everything.</summary>
    public static readonly EventFilter Everything = new(new FilterList());

    // What is asked one after the other, for every event: all other values are looked up.
    private const int MostFilters = 256;
    private const int MostPatterns = 256;

    private readonly CompiledFilter[] _allow;
    private readonly CompiledFilter[] _deny;

    private EventFilter(FilterList filters)
    {
        if (filters.AllowList.Count + filters.DenyList.Count > MostFilters)
            throw new FilterException($"bad filters: {filters.AllowList.Count + filters.DenyList.Count:N0} are too many; {MostFilters:N0} are possible, each with any number of values");
        _allow = [.. filters.AllowList.Select(filter => new CompiledFilter(filter))];
        _deny = [.. filters.DenyList.Select(filter => new CompiledFilter(filter))];
        if (_allow.Concat(_deny).Sum(filter => filter.Patterns) is > MostPatterns and var patterns)
            throw new FilterException($"bad filters: {patterns:N0} names with * or ? are too many; {MostPatterns:N0} are possible, and any number of others");
        if (_deny.Any(filter => filter.IsEmpty))
            throw new FilterException("bad deny list: a filter without conditions would hide every event");
        ShowsLost = !_deny.Any(filter => filter.NamesOnlyKinds && filter.HasKind(Event.Types.Kind.Lost));
    }

    /// <summary>No event needs to be asked whether it is shown.</summary>
    public bool ShowsAll => _allow.Length == 0 && _deny.Length == 0;

    /// <summary>Notices of loss say how much to trust all else, so that they pass unless denied by kind alone.</summary>
    public bool ShowsLost { get; }

    /// <summary>Checks the filters and makes them fit for matching.</summary>
    /// <exception cref="FilterException">A value cannot be; the message is one sentence that names it.</exception>
    public static EventFilter Compile(FilterList filters) => new(filters);

    /// <param name="record">The event.</param>
    /// <param name="process">The owner of its socket; null, unknown, matches no pid and no name.</param>
    public bool Matches(in EventRecord record, ProcessIdentity? process) =>
        (_allow.Length == 0 || Any(_allow, in record, process)) && !Any(_deny, in record, process);

    private static bool Any(CompiledFilter[] filters, in EventRecord record, ProcessIdentity? process)
    {
        foreach (CompiledFilter filter in filters)
        {
            if (filter.Matches(in record, process))
                return true;
        }

        return false;
    }
}
