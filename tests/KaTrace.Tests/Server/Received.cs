using KaTrace.Client;
using KaTrace.V1;

namespace KaTrace.Tests.Server;

/// <summary>What a client has been sent. Every wait has a deadline.</summary>
internal sealed class Received : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly KatraceConnection _connection;
    private readonly CancellationTokenSource _end = new(Deadline);
    private readonly IAsyncEnumerator<StreamEventsResponse> _stream;

    private Received(KatraceConnection connection, StreamEventsRequest request)
    {
        _connection = connection;
        _stream = connection.ResponsesAsync(request, Broken.Add, _end.Token).GetAsyncEnumerator();
    }

    public List<StreamEventsResponse> Responses { get; } = [];

    public List<Grpc.Core.RpcException> Broken { get; } = [];

    public IEnumerable<Event> Events => Responses.SelectMany(r => (r.Events?.Events ?? []).Select(e => { e.NodeName = r.NodeName; return e; }));

    public static Received From(TestAgent agent, StreamEventsRequest? request = null) => new(agent.Connect(), request ?? new StreamEventsRequest());

    public static Received From(KatraceConnection connection, StreamEventsRequest? request = null) => new(connection, request ?? new StreamEventsRequest());

    /// <summary>All events of a stream that ends by itself.</summary>
    public static async Task<Event[]> AllAsync(TestAgent agent, StreamEventsRequest request)
    {
        await using Received received = From(agent, request);
        await received.EndAsync();
        return [.. received.Events];
    }

    public async Task UntilAsync(Func<bool> enough, string what)
    {
        while (!enough())
        {
            if (!await _stream.MoveNextAsync())
                throw new TimeoutException($"the stream ended, or {Deadline.TotalSeconds} s were over, before {what}; {Responses.Count} messages came");
            Responses.Add(_stream.Current);
        }
    }

    public Task LiveAsync() => UntilAsync(() => Responses.Any(r => r.ContentCase == StreamEventsResponse.ContentOneofCase.Live), "it was live");

    public async Task<Event[]> EventsAsync(int count)
    {
        await UntilAsync(() => Events.Count() >= count, $"{count} events came");
        return [.. Events];
    }

    public async Task EndAsync()
    {
        while (await _stream.MoveNextAsync())
            Responses.Add(_stream.Current);
        Assert.False(_end.IsCancellationRequested, $"the stream did not end within {Deadline.TotalSeconds} s");
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _stream.DisposeAsync();
        await _connection.DisposeAsync();
        _end.Dispose();
    }
}
