using System.Globalization;
using Grpc.Core;
using KaTrace.Server.Hosting;
using Microsoft.AspNetCore.Http;

namespace KaTrace.Server.Streaming;

/// <summary>Names who calls, for the status.</summary>
internal static class Peer
{
    public static string Of(ServerCallContext context)
    {
        HttpContext http = context.GetHttpContext();
        if (http.Features.Get<PeerCredentials>() is { } local)
            return string.Create(CultureInfo.InvariantCulture, $"pid {local.Pid} uid {local.Uid}");
        return new System.Net.IPEndPoint(http.Connection.RemoteIpAddress ?? System.Net.IPAddress.None, http.Connection.RemotePort).ToString();
    }
}
