using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Reflection.V1Alpha;
using KaTrace.Client;
using KaTrace.Server.Hosting;
using KaTrace.V1;

namespace KaTrace.Tests.Server;

/// <summary>What a server of gRPC has besides its own service.</summary>
public sealed class OtherServicesTests
{
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
