using KaTrace.V1;

namespace KaTrace.Filters;

/// <summary>What is asked of filters before they are compiled.</summary>
internal static class FilterLists
{
    /// <summary>Details of processes are needed: see <see cref="Processes.ProcessDetails.Container"/>.</summary>
    public static bool AsksContainers(this FilterList filters) => filters.AllowList.Concat(filters.DenyList).Any(filter => filter.Container.Count > 0);
}
