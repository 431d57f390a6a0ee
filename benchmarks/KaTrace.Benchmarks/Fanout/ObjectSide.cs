using System.Threading.Channels;
using Grpc.Core;
using KaTrace.Events;
using KaTrace.Output;
using KaTrace.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace KaTrace.Benchmarks.Fanout;

/// <summary>What one writes first: the generated service, a queue of messages for each subscriber, a message an event.</summary>
internal sealed class ObjectSide : IFanoutSide
{
    private const int QueueLength = 16_384;

    private readonly List<Channel<StreamEventsResponse>> _queues = [];

    public bool IsDrained
    {
        get
        {
            lock (_queues)
                return _queues.TrueForAll(queue => queue.Reader.Count == 0);
        }
    }

    public async Task StartAsync(string address)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            if (address.StartsWith("unix:", StringComparison.Ordinal))
                kestrel.ListenUnixSocket(address[5..], listen => listen.Protocols = HttpProtocols.Http2);
            else
                kestrel.Listen(System.Net.IPEndPoint.Parse(address), listen => listen.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddRoutingCore();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(this);
        WebApplication app = builder.Build();
        app.MapGrpcService<Service>();
        await app.StartAsync();
    }

    public void Make(ulong number)
    {
        EventRecord record = MadeEvents.Next(number);
        StreamEventsResponse message = new()
        {
            Events = new EventBatch { Events = { EventMessage.From(in record, MadeEvents.Process, number, MadeEvents.Clock, "") } },
            NodeName = "bench",
            Sequence = number,
        };
        lock (_queues)
        {
            foreach (Channel<StreamEventsResponse> queue in _queues)
            {
                while (!queue.Writer.TryWrite(message))
                    Thread.Sleep(1);
            }
        }
    }

    public void Publish()
    {
    }

    private Channel<StreamEventsResponse> Subscribe()
    {
        Channel<StreamEventsResponse> queue = Channel.CreateBounded<StreamEventsResponse>(new BoundedChannelOptions(QueueLength) { SingleReader = true, SingleWriter = true });
        lock (_queues)
            _queues.Add(queue);
        return queue;
    }

    internal sealed class Service(ObjectSide side) : Katrace.KatraceBase
    {
        public override async Task StreamEvents(StreamEventsRequest request, IServerStreamWriter<StreamEventsResponse> responseStream, ServerCallContext context)
        {
            Channel<StreamEventsResponse> queue = side.Subscribe();
            await responseStream.WriteAsync(new StreamEventsResponse { Live = new Live() });
            await foreach (StreamEventsResponse message in queue.Reader.ReadAllAsync(context.CancellationToken))
                await responseStream.WriteAsync(message);
        }
    }
}
