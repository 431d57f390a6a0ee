using KaTrace.Output;
using KaTrace.Processes;
using KaTrace.Sockets;
using KaTrace.V1;

namespace KaTrace.Hosts;

/// <summary>A look at a host as messages, but for its sockets, which <see cref="ConnectionMessage"/> makes. <see cref="ReceivedHost"/>
/// makes a look of both again.</summary>
internal static class HostMessage
{
    /// <summary>Bytes of a part: what one holds may be too much for one message.</summary>
    private const int MostBytes = 256 * 1024;

    /// <param name="look">At the host.</param>
    /// <param name="programs">All that is known of the processes, too.</param>
    /// <returns>At least one.</returns>
    public static IEnumerable<Host> Parts(IHostLook look, bool programs)
    {
        HostSettings settings = look.ReadSettings();
        Host part = new()
        {
            Hz = look.Table.Clock.Hz,
            TcpMaxOrphans = (uint)Math.Max(0, settings.MaxOrphans),
            NodeName = look.NodeName,
            Time = EventMessage.TimeOf(look.Table.TimeNs),
            Gaps = { look.Table.Gaps },
        };
        int bytes = part.CalculateSize();
        foreach ((uint netns, NamespaceSettings of) in settings.Namespaces)
        {
            HostNamespace message = NamespaceOf(netns, of);
            if ((bytes += message.CalculateSize()) > MostBytes)
            {
                yield return part;
                (part, bytes) = (new Host(), message.CalculateSize());
            }

            part.Namespaces.Add(message);
        }

        foreach (HostProcess message in Processes(look, programs))
        {
            if ((bytes += message.CalculateSize()) > MostBytes)
            {
                yield return part;
                (part, bytes) = (new Host(), message.CalculateSize());
            }

            part.Processes.Add(message);
        }

        yield return part;
    }

    private static HostNamespace NamespaceOf(uint netns, NamespaceSettings settings)
    {
        HostNamespace message = new()
        {
            Netns = netns,
            Retries = (uint)settings.Retries,
            OrphanRetries = (uint)settings.OrphanRetries,
            RtoMinUs = (uint)settings.RtoMin.TotalMicroseconds,
            RtoMaxMs = (uint)settings.RtoMax.TotalMilliseconds,
            IpvsServices = { settings.IpvsServices },
        };
        if (settings.Conntrack is { } conntrack)
            message.ConntrackSeconds = (uint)conntrack.TotalSeconds;
        if (settings.Ipvs is { } ipvs)
            message.IpvsSeconds = (uint)Math.Max(0, ipvs.TotalSeconds);
        return message;
    }

    private static IEnumerable<HostProcess> Processes(IHostLook look, bool programs)
    {
        if (!programs)
            return look.Table.Processes.Select(process => new HostProcess { Process = EventMessage.ProcessOf(process.Key, process.Comm, null) });
        Knobs.ProgramLookup known = look.ReadPrograms(look.Table.Processes);
        return look.Table.Processes.Select(process =>
        {
            HostProcess message = new()
            {
                Process = EventMessage.ProcessOf(process.Key, process.Comm, known.Details(process)),
                Go = known.RunsGo(process),
            };
            if (look.ReadDescriptors(process.Key.Pid) is { } use)
                (message.Descriptors, message.DescriptorLimit) = ((uint)use.Used, (ulong)use.Limit);
            return message;
        });
    }
}
