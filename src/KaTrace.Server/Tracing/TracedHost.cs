using KaTrace.Hosts;
using KaTrace.Knobs;
using KaTrace.Processes;
using KaTrace.Sockets;

namespace KaTrace.Server.Tracing;

/// <summary>A look at the host of the agent, which knows most of its processes from their events.</summary>
/// <param name="Table">Of the look.</param>
/// <param name="NodeName">Of the host.</param>
/// <param name="Catalog">The agent's own.</param>
/// <param name="DetailsWithin">Some processes hold up whoever reads them: those are named alone.</param>
internal sealed record TracedHost(SocketTable Table, string NodeName, ProcessCatalog Catalog, TimeSpan DetailsWithin) : IHostLook
{
    public HostSettings ReadSettings() => HostSettings.Read();

    public ProgramLookup ReadPrograms(IReadOnlyList<SocketProcess> processes) =>
        ProgramLookup.Of(processes, Catalog.FindAllAsync([.. processes.Select(process => process.Key)], DetailsWithin).GetAwaiter().GetResult());

    public DescriptorUse? ReadDescriptors(uint pid) => DescriptorUse.Read(pid);
}
