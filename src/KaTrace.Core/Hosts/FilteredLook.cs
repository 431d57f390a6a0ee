using KaTrace.Filters;
using KaTrace.Knobs;
using KaTrace.Sockets;
using KaTrace.V1;

namespace KaTrace.Hosts;

/// <summary>What filters show of a host, and no process that holds none of it.</summary>
internal sealed class FilteredLook : IHostLook
{
    private readonly IHostLook _look;

    private FilteredLook(IHostLook look, SocketTable table) => (_look, Table) = (look, table);

    public string NodeName => _look.NodeName;

    public SocketTable Table { get; }

    /// <exception cref="FilterException">A value cannot be.</exception>
    public static IHostLook Of(IHostLook look, FilterList filters) =>
        filters.CalculateSize() == 0 ? look : new FilteredLook(look, Filter(look.Table, look.FilterBy(filters)));

    public HostSettings ReadSettings() => _look.ReadSettings();

    public ProgramLookup ReadPrograms(IReadOnlyList<SocketProcess> processes) => _look.ReadPrograms(processes);

    public DescriptorUse? ReadDescriptors(uint pid) => _look.ReadDescriptors(pid);

    private static SocketTable Filter(SocketTable table, SocketFilter filter)
    {
        List<SocketRow> rows = [];
        List<SocketHolder> holders = [];
        List<SocketProcess> processes = [];
        Dictionary<int, int> kept = [];
        foreach (ref readonly SocketRow row in table.Rows)
        {
            if (!filter.Matches(in row))
                continue;
            rows.Add(row with { Peer = -1, Listener = -1, FirstHolder = holders.Count });
            foreach (SocketHolder holder in table.HoldersOf(in row))
            {
                if (!kept.TryGetValue(holder.Process, out int index))
                {
                    kept.Add(holder.Process, index = processes.Count);
                    processes.Add(table.Processes[holder.Process]);
                }

                holders.Add(holder with { Process = index });
            }
        }

        SocketRow[] linked = [.. rows];
        ConnectionEnds.Link(linked);
        return new SocketTable(linked, holders.ToArray(), processes, table.Clock, table.Time, table.Gaps);
    }
}
