using KaTrace.Events;
using KaTrace.Output;
using KaTrace.Processes;
using KaTrace.Sockets;
using KaTrace.V1;
using Container = KaTrace.Processes.Container;

namespace KaTrace.Filters;

/// <summary>One <see cref="Filter"/>, checked and laid out for matching. A field without values holds for every event.</summary>
internal sealed class CompiledFilter
{
    private readonly uint _kinds;
    private readonly uint[] _pids;
    private readonly NameSet _comms;
    private readonly ushort[] _ports;
    private readonly ushort[] _localPorts;
    private readonly ushort[] _remotePorts;
    private readonly AddressSet _addresses;
    private readonly bool _ipv4Only;
    private readonly bool _ipv6Only;
    private readonly uint[] _namespaces;
    private readonly ulong[] _cgroups;
    private readonly string[] _containers;
    private readonly uint _minUnanswered;
    private readonly ulong[] _cookies;
    private readonly ulong[] _inodes;

    /// <exception cref="FilterException">A value is out of its range.</exception>
    public CompiledFilter(Filter filter)
    {
        _kinds = Kinds(filter.Kind);
        _pids = [.. filter.Pid];
        _comms = new NameSet(filter.Comm);
        _ports = Ports(filter.Port);
        _localPorts = Ports(filter.LocalPort);
        _remotePorts = Ports(filter.RemotePort);
        _addresses = new AddressSet(filter.Ip);
        (_ipv4Only, _ipv6Only) = Versions(filter.IpVersion);
        _namespaces = [.. filter.Netns];
        _cgroups = Ids(filter.CgroupId, "cgroup", "a cgroup id");
        _containers = Containers(filter.Container);
        _minUnanswered = filter.MinUnanswered;
        _cookies = Ids(filter.Cookie, "cookie", "a cookie");
        _inodes = Ids(filter.Inode, "inode", "an inode");
        IsEmpty = filter.CalculateSize() == 0;
        NamesOnlyKinds = filter.Kind.Count > 0 && new Filter { Kind = { filter.Kind } }.Equals(filter);
    }

    /// <summary>No condition at all: every event matches.</summary>
    public bool IsEmpty { get; }

    /// <summary>Names that are tried one after the other.</summary>
    public int Patterns => _comms.Patterns;

    /// <summary>Kinds are the only condition.</summary>
    public bool NamesOnlyKinds { get; }

    public bool HasKind(Event.Types.Kind kind) => (_kinds & (1u << (int)kind)) != 0;

    /// <summary>Cheap and selective fields first.</summary>
    public bool Matches(in EventRecord record, ProcessIdentity? process) =>
        (_kinds == 0 || (_kinds & (1u << (int)record.Kind)) != 0)
        && EventSentence.Unanswered(in record) >= _minUnanswered
        && (_ports.Length == 0 || _ports.AsSpan().Contains(record.Lport) || _ports.AsSpan().Contains(record.Rport))
        && (_localPorts.Length == 0 || _localPorts.AsSpan().Contains(record.Lport))
        && (_remotePorts.Length == 0 || _remotePorts.AsSpan().Contains(record.Rport))
        && (_namespaces.Length == 0 || _namespaces.AsSpan().Contains(record.Netns))
        && (_cgroups.Length == 0 || _cgroups.AsSpan().Contains(record.CgroupId))
        && (_cookies.Length == 0 || _cookies.AsSpan().Contains(record.Cookie))
        && (_inodes.Length == 0 || _inodes.AsSpan().Contains(record.Ino))
        && (_pids.Length == 0 || (process is not null && _pids.AsSpan().Contains(process.Key.Pid)))
        && (_comms.IsEmpty || (process is not null && _comms.Matches(process.CommUtf8)))
        && (_containers.Length == 0 || MatchesContainer(process))
        && (!_ipv4Only || EndpointView.SpeaksIPv4(in record))
        && (!_ipv6Only || !EndpointView.SpeaksIPv4(in record))
        && (_addresses.IsEmpty || MatchesAddress(EndpointView.Local(in record)) || MatchesAddress(EndpointView.Remote(in record)));

    /// <summary>The process of a socket has to match too: see <see cref="MatchesProcess"/>.</summary>
    public bool AsksProcess => _pids.Length > 0 || !_comms.IsEmpty || _containers.Length > 0;

    /// <param name="process">With its details, if there are any.</param>
    public bool MatchesProcess(ProcessIdentity process) =>
        (_pids.Length == 0 || _pids.AsSpan().Contains(process.Key.Pid))
        && (_comms.IsEmpty || _comms.Matches(process.CommUtf8))
        && (_containers.Length == 0 || MatchesContainer(process));

    /// <summary>All but its process. A kind is of an event: no socket has one.</summary>
    public bool MatchesSocket(in SocketRow row) =>
        _kinds == 0
        && row.ProbesOut >= _minUnanswered
        && (_ports.Length == 0 || _ports.AsSpan().Contains(row.Lport) || _ports.AsSpan().Contains(row.Rport))
        && (_localPorts.Length == 0 || _localPorts.AsSpan().Contains(row.Lport))
        && (_remotePorts.Length == 0 || _remotePorts.AsSpan().Contains(row.Rport))
        && (_namespaces.Length == 0 || _namespaces.AsSpan().Contains(row.Netns))
        && (_cgroups.Length == 0 || _cgroups.AsSpan().Contains(row.CgroupId))
        && (_cookies.Length == 0 || _cookies.AsSpan().Contains(row.Cookie))
        && (_inodes.Length == 0 || _inodes.AsSpan().Contains(row.Ino))
        && (!_ipv4Only || EndpointView.SpeaksIPv4(in row))
        && (!_ipv6Only || !EndpointView.SpeaksIPv4(in row))
        && (_addresses.IsEmpty || MatchesAddress(EndpointView.Local(in row)) || MatchesAddress(EndpointView.Remote(in row)));

    /// <summary>An end that is not bound or not connected has no address, rather than 0.0.0.0.</summary>
    private bool MatchesAddress(EndpointView end) => end.IsPresent && _addresses.Contains(end.Address);

    private bool MatchesContainer(ProcessIdentity? process)
    {
        if (process?.Details?.Container is not { } container)
            return false;
        foreach (string beginning in _containers)
        {
            if (container.Id.StartsWith(beginning, StringComparison.Ordinal))
                return true;
        }

        return false;
    }

    private static uint Kinds(IEnumerable<Event.Types.Kind> kinds)
    {
        uint mask = 0;
        foreach (Event.Types.Kind kind in kinds)
        {
            if (kind == Event.Types.Kind.Unspecified || !Enum.IsDefined(kind))
                throw new FilterException($"bad kind {(int)kind}: a kind is one of katrace.v1.Event.Kind");
            mask |= 1u << (int)kind;
        }

        return mask;
    }

    private static ushort[] Ports(IEnumerable<uint> ports) => [.. ports.Select(port => port is >= 1 and <= ushort.MaxValue
        ? (ushort)port
        : throw new FilterException($"bad port {port}: a port is 1 to 65535"))];

    /// <summary>0 would be "unknown", which no filter matches.</summary>
    private static ulong[] Ids(IEnumerable<ulong> ids, string what, string one) =>
        [.. ids.Select(id => id != 0 ? id : throw new FilterException($"bad {what} 0: {one} is 1 or more"))];

    private static string[] Containers(IEnumerable<string> ids) => [.. ids.Select(id => Container.IsIdOrBeginning(id)
        ? id
        : throw new FilterException($"bad container '{id}': it is a container's id, or how that begins: 1 to {Container.IdLength} of the digits 0-9 and a-f"))];

    /// <summary>Both versions are no condition; sockets of other families are not traced.</summary>
    private static (bool IPv4Only, bool IPv6Only) Versions(IEnumerable<IpVersion> versions)
    {
        bool v4 = false, v6 = false;
        foreach (IpVersion version in versions)
        {
            v4 |= version == IpVersion.Ipv4;
            v6 |= version == IpVersion.Ipv6;
            if (version is not (IpVersion.Ipv4 or IpVersion.Ipv6))
                throw new FilterException($"bad IP version {(int)version}: it is IPV4 or IPV6");
        }

        return (v4 && !v6, v6 && !v4);
    }
}
