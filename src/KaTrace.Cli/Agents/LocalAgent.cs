using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using KaTrace.Bpf;
using KaTrace.Client;

namespace KaTrace.Cli.Agents;

/// <summary>The agent of this host, where it listens unless told otherwise: asked for those who may not ask the kernel.</summary>
internal static class LocalAgent
{
    public const string Address = KatraceConnection.DefaultAddress;

    private static readonly string Path = Address["unix:".Length..];

    /// <summary>It is there, and lets us in.</summary>
    public static bool IsOpen => Connect() is SocketError.Success;

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
            using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(Path));
            return SocketError.Success;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
    }
}
