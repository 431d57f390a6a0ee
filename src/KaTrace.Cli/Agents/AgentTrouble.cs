using System.Net.Sockets;
using Grpc.Core;
using KaTrace.Hosts;

namespace KaTrace.Cli.Agents;

/// <summary>Why an agent could not be asked, in one sentence. Whatever it says itself may be anybody's words.</summary>
internal static class AgentTrouble
{
    private const int LongestDetail = 300;

    public static string Sentence(string address, RpcException e) => e.StatusCode switch
    {
        StatusCode.Unimplemented => $"{address} is no agent of katrace",
        // What is below failed, before there was an answer or amid bytes that are none; a server itself says no exception.
        StatusCode.Unavailable or StatusCode.Internal when e.Status.DebugException is not null => Unreached(address, e),
        _ => $"the agent at {address}: {Reason(e)}",
    };

    public static string Unreached(string address, RpcException e) => $"cannot reach the agent at {address}: {Reason(e)}; {Advice(e)}";

    /// <summary>What went wrong below, or what the agent says.</summary>
    public static string Reason(RpcException e)
    {
        string reason = (e.Status.DebugException as HttpRequestException)?.InnerException?.Message ?? e.Status.DebugException?.Message ?? e.Status.Detail;
        return HostView.Safe(reason.Length > LongestDetail ? reason[..LongestDetail] : reason).TrimEnd('.');
    }

    private static string Advice(RpcException e) => e.Status.DebugException?.InnerException is SocketException { SocketErrorCode: SocketError.AccessDenied }
        ? "be root, or a member of the socket's group (see --socket-group of 'katrace serve')"
        : "'katrace serve' starts one";
}
