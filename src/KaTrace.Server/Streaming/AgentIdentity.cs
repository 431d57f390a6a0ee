using System.Text;
using KaTrace.Output;
using KaTrace.V1;

namespace KaTrace.Server.Streaming;

/// <summary>Who serves: the host, and this run of the agent on it.</summary>
internal sealed class AgentIdentity
{
    private readonly byte[] _proto;

    public AgentIdentity(string nodeName)
    {
        NodeName = nodeName;
        // Random as well, and RandomNumberGenerator would load OpenSSL: 5 MB that an agent without TLS has no use for.
        InstanceId = Guid.NewGuid().ToString("N");
        ProtoCursor proto = new(stackalloc byte[1024]);
        proto.Bytes(StreamEventsResponse.InstanceIdFieldNumber, Encoding.UTF8.GetBytes(InstanceId));
        proto.Bytes(StreamEventsResponse.NodeNameFieldNumber, Encoding.UTF8.GetBytes(nodeName));
        _proto = proto.Written.ToArray();
    }

    public string NodeName { get; }

    /// <summary>32 hexadecimal digits.</summary>
    public string InstanceId { get; }

    /// <summary>Both as fields of <see cref="StreamEventsResponse"/>.</summary>
    public ReadOnlySpan<byte> Proto => _proto;
}
