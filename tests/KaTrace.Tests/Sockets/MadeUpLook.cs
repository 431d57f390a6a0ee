using KaTrace.Hosts;
using KaTrace.Knobs;
using KaTrace.Processes;
using KaTrace.Sockets;

namespace KaTrace.Tests.Sockets;

/// <summary>A look at a host as a test wants it.</summary>
internal sealed record MadeUpLook(SocketTable Table) : IHostLook
{
    public string NodeName { get; init; } = "node-1";

    public HostSettings Settings { get; init; } = HostSettings.Unknown;

    public ProgramLookup Programs { get; init; } = ProgramLookup.None;

    public IReadOnlyDictionary<uint, DescriptorUse> Descriptors { get; init; } = new Dictionary<uint, DescriptorUse>();

    public HostSettings ReadSettings() => Settings;

    public ProgramLookup ReadPrograms(IReadOnlyList<SocketProcess> processes) => Programs;

    public DescriptorUse? ReadDescriptors(uint pid) => Descriptors.TryGetValue(pid, out DescriptorUse use) ? use : null;
}
