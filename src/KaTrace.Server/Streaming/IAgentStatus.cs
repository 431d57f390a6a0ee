using KaTrace.Events;
using KaTrace.V1;

namespace KaTrace.Server.Streaming;

/// <summary>What the service tells of whoever fills the log. Any thread may ask.</summary>
internal interface IAgentStatus
{
    AgentIdentity Identity { get; }

    /// <summary>For the times of the log's events.</summary>
    KernelClock Clock { get; }

    /// <summary>Fills in all that the log and the subscribers do not know themselves.</summary>
    void Describe(GetStatusResponse status);
}
