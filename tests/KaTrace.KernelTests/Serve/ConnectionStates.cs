using KaTrace.Client;
using KaTrace.V1;

namespace KaTrace.KernelTests.Serve;

/// <summary>The state that a client holds: the snapshot, with every event applied in order. By local port, as all have the same other end;
/// a socket whose cookie nobody has asked for yet has none.</summary>
internal sealed class ConnectionStates : IAsyncDisposable
{
    private static readonly TimeSpan Settles = Pace.Deadline(10);

    private readonly IAsyncEnumerator<StreamEventsResponse> _stream;
    private readonly Dictionary<uint, uint> _idleByPort = [];
    private readonly List<string> _told = [];
    private Task<bool>? _next;
    private bool _isLive;

    /// <summary>The call is on its way when it returns.</summary>
    public ConnectionStates(KatraceConnection connection, StreamEventsRequest request, CancellationToken cancel)
    {
        _stream = connection.ResponsesAsync(request, null, cancel).GetAsyncEnumerator(cancel);
        _next = _stream.MoveNextAsync().AsTask();
    }

    /// <summary>Nothing changes meanwhile, but events of before may be under way.</summary>
    public async Task UntilEqualAsync(Func<Task<Dictionary<uint, uint>>> listAsync)
    {
        Dictionary<uint, uint> listed = await listAsync();
        using CancellationTokenSource deadline = new(Settles);
        while (!_isLive || !Equal(listed))
        {
            Task<bool> next = _next ??= _stream.MoveNextAsync().AsTask();
            try
            {
                Assert.True(await next.WaitAsync(deadline.Token), "the stream ended");
            }
            catch (OperationCanceledException) when (deadline.IsCancellationRequested)
            {
                Assert.Fail($"by the stream: {Text(_idleByPort)}\nby the list: {Text(listed)}\ntold: {string.Join(", ", _told.TakeLast(60))}");
            }

            _next = null;
            Apply(_stream.Current);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_next is { } pending)
            _ = pending.ContinueWith(_ => _stream.DisposeAsync(), TaskScheduler.Default);
        else
            await _stream.DisposeAsync();
    }

    private void Apply(StreamEventsResponse response)
    {
        _isLive |= response.ContentCase == StreamEventsResponse.ContentOneofCase.Live;
        foreach (Connection one in response.Connections?.Connections ?? [])
            Note(one.Socket.Local.Port, $"{one.Socket.Local.Port} in the snapshot", one.Keepalive.IdleSeconds);
        foreach (Event one in response.Events?.Events ?? [])
        {
            Assert.NotEqual(Event.Types.Kind.Lost, one.Kind);
            bool isOn = one.Keepalive.On && one.Kind is not (Event.Types.Kind.Closed or Event.Types.Kind.Timeout or Event.Types.Kind.Reset);
            Note(one.Socket.Local.Port, $"{one.Socket.Local.Port} {one.Kind} {one.Socket.State} {one.Source}", isOn ? one.Keepalive.IdleSeconds : null);
        }
    }

    private void Note(uint port, string told, uint? idle)
    {
        _told.Add(told);
        if (idle is { } seconds)
            _idleByPort[port] = seconds;
        else
            _idleByPort.Remove(port);
    }

    private bool Equal(Dictionary<uint, uint> listed) =>
        listed.Count == _idleByPort.Count && listed.All(one => _idleByPort.TryGetValue(one.Key, out uint idle) && idle == one.Value);

    private static string Text(Dictionary<uint, uint> states) => string.Join(' ', states.OrderBy(s => s.Key).Select(s => $"{s.Key}:{s.Value}"));
}
