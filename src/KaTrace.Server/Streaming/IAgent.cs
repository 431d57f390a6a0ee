using KaTrace.Events;
using KaTrace.Hosts;
using KaTrace.Processes;
using KaTrace.Sockets;
using KaTrace.V1;

namespace KaTrace.Server.Streaming;

/// <summary>What the service needs of whoever fills the log. Any thread may ask.</summary>
internal interface IAgent
{
    AgentIdentity Identity { get; }

    /// <summary>For the times of the log's events.</summary>
    KernelClock Clock { get; }

    /// <summary>CLOCK_MONOTONIC of the host of the events, now; where a capture is served, of the moment that it is at.</summary>
    ulong MonotonicNs { get; }

    /// <summary>The sockets as of now.</summary>
    /// <exception cref="Grpc.Core.RpcException">FAILED_PRECONDITION: they are not known; a sentence says why.</exception>
    SocketTable ReadSockets();

    /// <summary>What is known of the processes of a table, in its order.</summary>
    Task<ProcessIdentity[]> IdentifyAsync(SocketTable table);

    /// <summary>All else that is to be known of the host, as of now.</summary>
    IHostLook Look(SocketTable table);

    /// <summary>Fills in all that the log and the subscribers do not know themselves.</summary>
    void Describe(GetStatusResponse status);
}
