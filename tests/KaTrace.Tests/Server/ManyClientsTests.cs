using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Reflection.V1Alpha;
using KaTrace.Client;
using KaTrace.Server.Hosting;
using KaTrace.V1;
using Socket = System.Net.Sockets.Socket;

namespace KaTrace.Tests.Server;

public sealed class ManyClientsTests
{
    [Fact]
    public async Task A_thousand_subscribers_each_get_every_event()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        KatraceConnection[] connections = [.. Enumerable.Range(0, 20).Select(_ => agent.Connect())];
        Received[] all = [.. Enumerable.Range(0, 1_000).Select(i => Received.From(connections[i % connections.Length]))];
        foreach (Received one in all)
            await one.LiveAsync();

        agent.Happen(20);

        foreach (Received one in all)
            Assert.Equal(20, (await one.EventsAsync(20)).Length);
        foreach (Received one in all)
            await one.DisposeAsync();
    }

    [Fact]
    public async Task A_client_that_sends_garbage_disturbs_nobody()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        await using Received received = Received.From(agent);
        await received.LiveAsync();
        Random random = new(1);
        for (int i = 0; i < 50; i++)
        {
            using Socket garbage = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await garbage.ConnectAsync(new UnixDomainSocketEndPoint(agent.SocketPath));
            byte[] bytes = new byte[10_000];
            random.NextBytes(bytes);
            if (i % 2 == 0)
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.CopyTo(bytes);
            try
            {
                await garbage.SendAsync(bytes);
                garbage.Shutdown(SocketShutdown.Send);
                while (await garbage.ReceiveAsync(bytes).WaitAsync(TimeSpan.FromSeconds(30)) > 0)
                {
                }
            }
            catch (SocketException)
            {
                // The server has closed before it had read all.
            }
        }

        agent.Happen(1);
        Assert.Single(await received.EventsAsync(1));
        Assert.Empty(agent.Warnings);
    }

    [Fact]
    public async Task A_filter_of_ten_thousand_entries_works()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        agent.Happen(2_000, (raw, i) => raw with { Raddr = Events.RawEvent.Address([10, 0, (byte)(i >> 8), (byte)i]) });
        Filter filter = new();
        for (int i = 0; i < 10_000; i++)
            filter.Ip.Add($"10.0.{(i + 1_000) >> 8}.{(i + 1_000) & 255}");

        Event[] events = await Received.AllAsync(agent, new StreamEventsRequest { Last = 2_000, NoFollow = true, Filters = new FilterList { AllowList = { filter } } });

        Assert.Equal(1_000, events.Length);
        Assert.Equal("10.0.3.232", events[0].Socket.Remote.Address);
    }

    [Fact]
    public async Task Health_is_serving_for_the_server_and_for_the_service()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        await using KatraceConnection connection = agent.Connect();
        Health.HealthClient health = new(connection.Invoker);

        foreach (string service in (string[])["", "katrace.v1.Katrace"])
            Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, (await health.CheckAsync(new HealthCheckRequest { Service = service })).Status);
    }

    [Fact]
    public async Task Reflection_knows_the_service_and_its_files()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        await using KatraceConnection connection = agent.Connect();
        using AsyncDuplexStreamingCall<ServerReflectionRequest, ServerReflectionResponse> call = new ServerReflection.ServerReflectionClient(connection.Invoker).ServerReflectionInfo();

        await call.RequestStream.WriteAsync(new ServerReflectionRequest { ListServices = "" });
        Assert.True(await call.ResponseStream.MoveNext(default));
        Assert.Contains("katrace.v1.Katrace", call.ResponseStream.Current.ListServicesResponse.Service.Select(s => s.Name));
        await call.RequestStream.WriteAsync(new ServerReflectionRequest { FileContainingSymbol = "katrace.v1.Katrace" });
        Assert.True(await call.ResponseStream.MoveNext(default));
        Assert.True(call.ResponseStream.Current.FileDescriptorResponse.FileDescriptorProto.Count >= 4);
    }

    [Fact]
    public async Task Every_answer_says_the_version_of_the_agent()
    {
        await using TestAgent agent = await TestAgent.StartAsync();
        await using KatraceConnection connection = agent.Connect();

        Metadata headers = await connection.Service.GetStatusAsync(new GetStatusRequest()).ResponseHeadersAsync;

        Assert.Equal(AgentVersion.Text, headers.GetValue(AgentServer.VersionHeader));
    }
}
