using System.Numerics;
using KaTrace.Bpf;
using KaTrace.V1;

namespace KaTrace.Filters;

/// <summary>What of the filters is decided in the kernel, before a record is made. What it hides, they hide; what it lets through
/// may still be hidden by them: see <see cref="EventFilter"/>.</summary>
internal sealed class KernelFilter
{
    /// <summary>Hides nothing, and costs nothing.</summary>
    public static readonly KernelFilter None = new(new FilterList());

    /// <summary>A bit each.</summary>
    private const int MostFilters = 64;

    private readonly Dictionary<(FilterField Field, ulong Value), ulong> _values = [];
    private KatraceFilter _masks;

    private KernelFilter(FilterList decided)
    {
        Decided = decided;
        foreach (Filter filter in decided.AllowList)
            _masks.Allow |= Add(filter);
        foreach (Filter filter in decided.DenyList)
            _masks.Deny |= Add(filter);
    }

    /// <summary>The weaker filters that the kernel decides.</summary>
    public FilterList Decided { get; }

    public bool IsEmpty => (_masks.Allow | _masks.Deny) == 0;

    /// <summary>For the programs.</summary>
    public ref readonly KatraceFilter Masks => ref _masks;

    /// <summary>For their map: by value of a field, the filters whose condition it satisfies.</summary>
    public IReadOnlyDictionary<(FilterField Field, ulong Value), ulong> Values => _values;

    /// <param name="filters">That <see cref="EventFilter.Compile"/> takes.</param>
    public static KernelFilter Of(FilterList filters) => new(Weaken(filters));

    /// <summary>What the kernel cannot decide is left out so that more is let through, never less.</summary>
    private static FilterList Weaken(FilterList filters)
    {
        FilterList weaker = new();
        weaker.AllowList.AddRange(filters.AllowList.Select(WeakenAllowed));
        if (weaker.AllowList.Count > MostFilters || weaker.AllowList.Any(filter => filter.CalculateSize() == 0))
            weaker.AllowList.Clear(); // all are allowed
        weaker.DenyList.AddRange(filters.DenyList.Select(WeakenDenied).OfType<Filter>().Take(MostFilters - weaker.AllowList.Count));
        return weaker;
    }

    /// <summary>Without the conditions that only user space knows how to check. Who is to see answers needs the probes too: they tell
    /// <see cref="AnswerPoller"/> when to look.</summary>
    private static Filter WeakenAllowed(Filter filter)
    {
        Filter weaker = DecidablePart(filter);
        if ((weaker.Kind.Contains(Event.Types.Kind.Answered) || weaker.Kind.Contains(Event.Types.Kind.Recovered)) && !weaker.Kind.Contains(Event.Types.Kind.Probe))
            weaker.Kind.Add(Event.Types.Kind.Probe);
        return weaker;
    }

    /// <summary>Only as a whole: with a condition less it would hide more. Probes only along with their answers, as above.</summary>
    private static Filter? WeakenDenied(Filter filter)
    {
        Filter weaker = DecidablePart(filter);
        if (!weaker.Equals(filter))
            return null;
        if (weaker.Kind.Count == 0)
            return weaker;

        weaker.Kind.Remove(Event.Types.Kind.Lost); // no record of the kernel
        if (!(weaker.Kind.Contains(Event.Types.Kind.Answered) && weaker.Kind.Contains(Event.Types.Kind.Recovered)))
        {
            while (weaker.Kind.Remove(Event.Types.Kind.Probe))
            {
            }
        }

        return weaker.Kind.Count > 0 ? weaker : null; // without kinds it would hide them all
    }

    private static Filter DecidablePart(Filter filter) => new()
    {
        Kind = { filter.Kind },
        Pid = { filter.Pid },
        Port = { filter.Port },
        LocalPort = { filter.LocalPort },
        RemotePort = { filter.RemotePort },
        IpVersion = { filter.IpVersion },
        Netns = { filter.Netns },
        CgroupId = { filter.CgroupId },
    };

    private ulong Add(Filter filter)
    {
        ulong bit = 1ul << BitOperations.PopCount(_masks.Allow | _masks.Deny);
        for (int kind = 0; kind < KatraceFilter.KindCount; kind++)
            _masks.Kinds[kind] |= filter.Kind.Count == 0 || filter.Kind.Contains((Event.Types.Kind)kind) ? bit : 0;
        Add(bit, FilterField.Netns, filter.Netns.Select(inode => (ulong)inode));
        Add(bit, FilterField.Port, filter.Port.Select(port => (ulong)port));
        Add(bit, FilterField.LocalPort, filter.LocalPort.Select(port => (ulong)port));
        Add(bit, FilterField.RemotePort, filter.RemotePort.Select(port => (ulong)port));
        Add(bit, FilterField.Pid, filter.Pid.Select(pid => (ulong)pid));
        Add(bit, FilterField.Cgroup, filter.CgroupId);
        Add(bit, FilterField.IpVersion, filter.IpVersion.Select(version => version == IpVersion.Ipv4 ? 4ul : 6ul));
        return bit;
    }

    private void Add(ulong bit, FilterField field, IEnumerable<ulong> values)
    {
        foreach (ulong value in values)
        {
            _masks.Asks[(int)field] |= bit;
            _values[(field, value)] = _values.GetValueOrDefault((field, value)) | bit;
        }
    }
}
