using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using KaTrace.Bpf;
using KaTrace.Client;
using KaTrace.Explaining;

namespace KaTrace.Cli.Agents;

/// <summary>The agent of this host, where it listens unless told otherwise: asked for those who may not ask the kernel.</summary>
internal static class LocalAgent
{
    public const string Address = KatraceConnection.DefaultAddress;

    private static readonly string Path = Address["unix:".Length..];

    /// <summary>Nobody asked for it, so nobody waits for it.</summary>
    private static readonly TimeSpan HistoryWithin = TimeSpan.FromMilliseconds(500);

    /// <summary>What it keeps of the host that is looked at: null if it is not there. Where it does not answer at once, it has nothing.</summary>
    public static IEventHistory? History => File.Exists(Path) ? new AgentHistory(KatraceConnection.Open(Address), HistoryWithin, failed: null) : null;

    /// <summary>Says on stderr that it is asked instead of the kernel.</summary>
    /// <exception cref="BpfException">It does not help: it is not there, or does not let us in, which the message says.</exception>
    public static void StandInFor(BpfException refusal)
    {
        switch (Connect())
        {
            case SocketError.Success:
                Console.Error.WriteLine($"katrace: no right to trace this kernel; asking its agent at {Address}");
                break;
            case SocketError.AccessDenied:
                throw new BpfNotSupportedException($"{refusal.Message}; or become a member of the group of {Path}, whose agent then answers (see --socket-group of 'katrace serve')", refusal.Log) { Errno = refusal.Errno };
            default:
                ExceptionDispatchInfo.Throw(refusal);
                break;
        }
    }

    /// <summary>Null where there is no socket.</summary>
    private static SocketError? Connect()
    {
        if (!File.Exists(Path))
            return null;
        try
        {
            using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false }; // one that is stopped may have its queue full
            socket.Connect(new UnixDomainSocketEndPoint(Path));
            return SocketError.Success;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
    }
}
