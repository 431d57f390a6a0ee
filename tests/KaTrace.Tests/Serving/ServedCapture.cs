using KaTrace.Captures;
using KaTrace.Cli.Replaying;
using KaTrace.Cli.Serving;
using KaTrace.Client;
using KaTrace.Filters;
using KaTrace.Server.Hosting;
using KaTrace.Server.Log;
using KaTrace.Tests.Captures;
using KaTrace.V1;

namespace KaTrace.Tests.Serving;

/// <summary>An agent that serves captures, behind a real server. Only events are made up, where no recorded ones do.</summary>
internal sealed class ServedCapture : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly TaskCompletionSource<InvalidDataException?> _through = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private AgentServer? _server;

    private ServedCapture(IEnumerable<byte[]> files, double? speed, Func<ReplayOptions, ReplayOptions>? change)
    {
        ReplayOptions options = new() { Paths = [.. files.Select(Write)], Filter = EventFilter.Everything, Speed = speed };
        Agent = new ReplayedAgent(change?.Invoke(options) ?? options, EventLog.DefaultBytes, _through.SetResult);
    }

    public ReplayedAgent Agent { get; }

    public AgentServer Server => _server!;

    /// <param name="files">Captures.</param>
    /// <param name="speed">Null: as fast as they can be read.</param>
    /// <param name="change">Of what is served.</param>
    public static async Task<ServedCapture> StartAsync(IEnumerable<byte[]> files, double? speed = null, Func<ReplayOptions, ReplayOptions>? change = null)
    {
        ServedCapture served = new(files, speed, change);
        served._server = await AgentServer.StartAsync(new ServerOptions { Listen = [ListenAddress.Parse($"unix:{served.SocketPath}")] }, served.Agent.Log, served.Agent, _ => { });
        return served;
    }

    /// <summary>A capture that was recorded once, and the lines that were seen live.</summary>
    public static (byte[] Bytes, string[] Lines) Committed(string name)
    {
        string path = Path.Combine(CapturedTraceTests.Tests, "KaTrace.Tests", "Captures", name);
        return (File.ReadAllBytes($"{path}.katrace"), File.ReadAllLines($"{path}.jsonl"));
    }

    public KatraceConnection Connect() => KatraceConnection.Open($"unix:{SocketPath}");

    /// <summary>Serves all of it.</summary>
    /// <returns>What is wrong with it.</returns>
    public Task<InvalidDataException?> ThroughAsync()
    {
        Agent.Begin();
        return _through.Task;
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        Agent.Dispose();
        _directory.Dispose();
    }

    private string SocketPath => _directory.File("katrace.sock");

    private string Write(byte[] bytes, int index)
    {
        string path = _directory.File($"{index}.katrace");
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
