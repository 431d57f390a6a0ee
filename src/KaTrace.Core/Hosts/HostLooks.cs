using KaTrace.Filters;
using KaTrace.Knobs;
using KaTrace.Sockets;
using KaTrace.V1;

namespace KaTrace.Hosts;

/// <summary>What every look can be asked.</summary>
internal static class HostLooks
{
    /// <summary>Asks about processes no more than the filters do, as that takes time.</summary>
    /// <exception cref="FilterException">A value cannot be.</exception>
    public static SocketFilter FilterBy(this IHostLook look, FilterList filters) => new(filters, look.Table,
        () => (filters.AsksContainers() ? look.ReadPrograms(look.Table.Processes) : ProgramLookup.None).Identify(look.Table));
}
