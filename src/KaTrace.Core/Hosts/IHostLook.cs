using KaTrace.Knobs;
using KaTrace.Sockets;

namespace KaTrace.Hosts;

/// <summary>One look at a host. Its sockets are there; what else is known of it is asked for by whoever needs it, as that takes time.</summary>
internal interface IHostLook
{
    /// <summary>Of the host.</summary>
    string NodeName { get; }

    SocketTable Table { get; }

    HostSettings ReadSettings();

    /// <summary>What is known of these processes of the table beyond their names.</summary>
    ProgramLookup ReadPrograms(IReadOnlyList<SocketProcess> processes);

    /// <summary>Null if they cannot be known.</summary>
    DescriptorUse? ReadDescriptors(uint pid);
}
