using KaTrace.Client;
using KaTrace.V1;

namespace KaTrace.KernelTests.Serve;

/// <summary>The state that a client holds: the snapshot, with every event applied in order.</summary>
internal sealed class ConnectionStates(KatraceConnection connection, StreamEventsRequest request, CancellationToken cancel) : IAsyncDisposable
{
    private static readonly TimeSpan Settles = Pace.Deadline(10);

    private readonly IAsyncEnumerator<StreamEventsResponse> _stream = connection.ResponsesAsync(request, null, cancel).GetAsyncEnumerator(cancel);
    private readonly Dictionary<ulong, uint> _idleByCookie = [];
    private ValueTask<bool>? _next;
    private bool _isLive;

    /// <summary>Nothing changes meanwhile, but events of before may be under way.</summary>
    public async Task UntilEqualAsync(Func<Task<Dictionary<ulong, uint>>> listAsync)
    {
        Dictionary<ulong, uint> listed = await listAsync();
        using CancellationTokenSource deadline = new(Settles);
        while (!_isLive || !Equal(listed))
        {
            Task<bool> next = (_next ??= _stream.MoveNextAsync()).AsTask();
            _next = new ValueTask<bool>(next); // asked once, awaited as often as it takes
            if (await Task.WhenAny(next, Task.Delay(System.Threading.Timeout.Infinite, deadline.Token)) != next)
                Assert.Fail($"by the stream: {Text(_idleByCookie)}\nby the list: {Text(listed)}");
            Assert.True(await next, "the stream ended");
            _next = null;
            Apply(_stream.Current);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_next is { } pending)
            _ = pending.AsTask().ContinueWith(_ => _stream.DisposeAsync(), TaskScheduler.Default);
        else
            await _stream.DisposeAsync();
    }

    private void Apply(StreamEventsResponse response)
    {
        _isLive |= response.ContentCase == StreamEventsResponse.ContentOneofCase.Live;
        foreach (Connection one in response.Connections?.Connections ?? [])
            _idleByCookie[one.Socket.Cookie] = one.Keepalive.IdleSeconds;
        foreach (Event one in response.Events?.Events ?? [])
        {
            Assert.NotEqual(Event.Types.Kind.Lost, one.Kind);
            if (one.Keepalive.On && one.Kind is not (Event.Types.Kind.Closed or Event.Types.Kind.Timeout or Event.Types.Kind.Reset))
                _idleByCookie[one.Socket.Cookie] = one.Keepalive.IdleSeconds;
            else
                _idleByCookie.Remove(one.Socket.Cookie);
        }
    }

    private bool Equal(Dictionary<ulong, uint> listed) =>
        listed.Count == _idleByCookie.Count && listed.All(one => _idleByCookie.TryGetValue(one.Key, out uint idle) && idle == one.Value);

    private static string Text(Dictionary<ulong, uint> states) => string.Join(' ', states.OrderBy(s => s.Key).Select(s => $"{s.Key}:{s.Value}"));
}
