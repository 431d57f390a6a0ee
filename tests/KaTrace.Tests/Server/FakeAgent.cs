using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using KaTrace.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Socket = System.Net.Sockets.Socket;

namespace KaTrace.Tests.Server;

/// <summary>Answers a list of sockets with whatever the test says, as an agent would not.</summary>
internal sealed class FakeAgent : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("katrace-");
    private readonly WebApplication _server;

    private FakeAgent(IReadOnlyList<ListConnectionsResponse> responses)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(Path.Combine(_directory.FullName, "fake.sock"), listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddSingleton(new Service(responses)).AddGrpc();
        _server = builder.Build();
        _server.MapGrpcService<Service>();
    }

    public string Address => $"unix:{_directory.FullName}/fake.sock";

    public static async Task<FakeAgent> StartAsync(params IReadOnlyList<ListConnectionsResponse> responses)
    {
        FakeAgent agent = new(responses);
        await agent._server.StartAsync();
        return agent;
    }

    /// <summary>Takes connections and writes to them, which is not HTTP.</summary>
    /// <returns>Its address; it ends when disposed.</returns>
    public static (string Address, IDisposable End) StartGarbage()
    {
        Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        _ = Task.Run(async () =>
        {
            while (true)
            {
                Socket client = await listener.AcceptAsync();
                await client.SendAsync("\e[31m220 smtp.example.org ESMTP\r\n"u8.ToArray());
            }
        });
        return (listener.LocalEndPoint!.ToString()!, listener);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    internal sealed class Service(IReadOnlyList<ListConnectionsResponse> responses) : Katrace.KatraceBase
    {
        public override async Task ListConnections(ListConnectionsRequest request, IServerStreamWriter<ListConnectionsResponse> responseStream, ServerCallContext context)
        {
            foreach (ListConnectionsResponse response in responses)
                await responseStream.WriteAsync(response);
        }
    }
}
