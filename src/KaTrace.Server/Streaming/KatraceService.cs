using Grpc.Core;
using KaTrace.Filters;
using KaTrace.Hosts;
using KaTrace.Knobs;
using KaTrace.Processes;
using KaTrace.Server.Log;
using KaTrace.Sockets;
using KaTrace.V1;
using Microsoft.Extensions.Hosting;

namespace KaTrace.Server.Streaming;

/// <summary>katrace.v1.Katrace.</summary>
/// <remarks>Bound by hand: the generated service would make a message an event. Methods are virtual as Grpc.AspNetCore takes no others.</remarks>
[BindServiceMethod(typeof(KatraceService), nameof(Bind))]
internal class KatraceService(EventLog log, IAgent agent, Subscriptions subscriptions, SocketLooks looks, IHostApplicationLifetime lifetime)
{
    private static readonly Method<StreamEventsRequest, StreamMessage> StreamEventsMethod = new(
        MethodType.ServerStreaming, Katrace.Descriptor.FullName, nameof(StreamEvents), Marshal(StreamEventsRequest.Parser), StreamMessage.Marshaller);

    private static readonly Method<GetStatusRequest, GetStatusResponse> GetStatusMethod = new(
        MethodType.Unary, Katrace.Descriptor.FullName, nameof(GetStatus), Marshal(GetStatusRequest.Parser), Marshal(GetStatusResponse.Parser));

    private static readonly Method<ListConnectionsRequest, ListConnectionsResponse> ListConnectionsMethod = new(
        MethodType.ServerStreaming, Katrace.Descriptor.FullName, nameof(ListConnections), Marshal(ListConnectionsRequest.Parser), Marshal(ListConnectionsResponse.Parser));

    public static void Bind(ServiceBinderBase binder, KatraceService? service)
    {
        binder.AddMethod(StreamEventsMethod, service is null ? null : service.StreamEvents);
        binder.AddMethod(ListConnectionsMethod, service is null ? null : service.ListConnections);
        binder.AddMethod(GetStatusMethod, service is null ? null : service.GetStatus);
    }

    public virtual async Task StreamEvents(StreamEventsRequest request, IServerStreamWriter<StreamMessage> responses, ServerCallContext context)
    {
        Subscription subscription = new(StreamRequest.Check(request), log, agent, looks, subscriptions, Peer.Of(context));
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        using IDisposable listed = subscriptions.Add(subscription);
        // Headers go out now: a client that waits for its first event knows that it is subscribed.
        await context.WriteResponseHeadersAsync([]).ConfigureAwait(false);
        try
        {
            await subscription.RunAsync(responses, end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw Stopping();
        }
    }

    public virtual async Task ListConnections(ListConnectionsRequest request, IServerStreamWriter<ListConnectionsResponse> responses, ServerCallContext context)
    {
        Connections.Check(request);
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        try
        {
            await looks.RunAsync((table, cancel) => SendAsync(table, request, responses, cancel), end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw Stopping();
        }
    }

    private async Task SendAsync(SocketTable table, ListConnectionsRequest request, IServerStreamWriter<ListConnectionsResponse> responses, CancellationToken cancel)
    {
        ListConnectionsResponse? next = NewResponse(table);
        next.Gaps.AddRange(table.Gaps);
        foreach (V1.Host part in request.Host ? await PartsAsync(agent.Look(table), request.Programs).ConfigureAwait(false) : [])
        {
            next ??= NewResponse(table);
            next.Host = part;
            await SendAsync().ConfigureAwait(false);
        }

        FilterList filters = request.Filters ?? new FilterList();
        ProcessIdentity[] processes = request.Host && !filters.AsksContainers() ? ProgramLookup.None.Identify(table) : await agent.IdentifyAsync(table).ConfigureAwait(false);
        foreach (ConnectionBatch batch in new Connections(table, processes, filters, exact: request.Host).Batches(Connections.Wanted(request)))
        {
            next ??= NewResponse(table);
            next.Connections.AddRange(batch.Connections);
            await SendAsync().ConfigureAwait(false);
        }

        if (next is not null)
            await SendAsync().ConfigureAwait(false);

        async Task SendAsync()
        {
            await responses.WriteAsync(next, CancellationToken.None).WaitAsync(cancel).ConfigureAwait(false);
            next = null;
        }
    }

    private ListConnectionsResponse NewResponse(SocketTable table) =>
        new() { NodeName = agent.Identity.NodeName, Time = Output.EventMessage.TimeOf(table.TimeNs) };

    /// <summary>Enters network namespaces, and waits for /proc, and so works on a thread of its own.</summary>
    private static Task<V1.Host[]> PartsAsync(IHostLook look, bool programs) => Task.Factory.StartNew(
        () => HostMessage.Parts(look, programs).ToArray(), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public virtual Task<GetStatusResponse> GetStatus(GetStatusRequest request, ServerCallContext context)
    {
        GetStatusResponse status = new()
        {
            InstanceId = agent.Identity.InstanceId,
            NodeName = agent.Identity.NodeName,
            Events = log.End - 1,
            History = new History
            {
                Events = log.End - log.Oldest,
                Bytes = (ulong)log.TakenBytes,
                CapacityBytes = (ulong)log.CapacityBytes,
                Oldest = StartingPoint.OldestOf(log, agent.Clock),
            },
            Time = Output.EventMessage.TimeOf(Output.UnixTime.Now),
        };
        status.Subscribers.AddRange(subscriptions.Describe());
        agent.Describe(status);
        return Task.FromResult(status);
    }

    private static RpcException Stopping() => new(new Status(StatusCode.Unavailable, "the agent stops"));

    private static Marshaller<T> Marshal<T>(Google.Protobuf.MessageParser<T> parser)
        where T : class, Google.Protobuf.IMessage<T>, Google.Protobuf.IBufferMessage => new(
        static (message, context) =>
        {
            context.SetPayloadLength(message.CalculateSize());
            Google.Protobuf.MessageExtensions.WriteTo(message, context.GetBufferWriter());
            context.Complete();
        },
        context => parser.ParseFrom(context.PayloadAsReadOnlySequence()));
}
