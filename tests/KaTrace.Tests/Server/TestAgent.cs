using System.Text;
using KaTrace.Client;
using KaTrace.Events;
using KaTrace.Hosts;
using KaTrace.Output;
using KaTrace.Processes;
using KaTrace.Server.Hosting;
using KaTrace.Server.Log;
using KaTrace.Server.Streaming;
using KaTrace.Sockets;
using KaTrace.Tests.Sockets;
using KaTrace.V1;

namespace KaTrace.Tests.Server;

/// <summary>An agent whose events the test makes; the server, the sockets and the client are the real ones.</summary>
internal sealed class TestAgent : IAgent, IAsyncDisposable
{
    public const uint OwnTgid = 99;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("katrace-");
    private AgentServer? _server;

    private readonly ServerOptions _options;

    private TestAgent(long historyBytes, Func<TestAgent, ServerOptions>? options)
    {
        Log = new EventLog(historyBytes, OwnTgid);
        _options = options?.Invoke(this) ?? new ServerOptions { Listen = [ListenAddress.Parse($"unix:{SocketPath}")] };
    }

    public EventLog Log { get; }

    public AgentIdentity Identity { get; private set; } = new("node-1");

    public KernelClock Clock { get; } = Sample.Clock;

    /// <summary>This host's: the events of a test are of long ago.</summary>
    public ulong MonotonicNs => (ulong)(UnixTime.Now - Clock.RealtimeOffsetNs);

    public List<string> Warnings { get; } = [];

    public string SocketPath => Path.Combine(_directory.FullName, "katrace.sock");

    public AgentServer Server => _server!;

    public static async Task<TestAgent> StartAsync(long historyBytes = EventLog.DefaultBytes, Func<TestAgent, ServerOptions>? options = null)
    {
        TestAgent agent = new(historyBytes, options);
        await agent.StartServerAsync();
        return agent;
    }

    /// <summary>Again, after <see cref="StopAsync"/>.</summary>
    public async Task StartServerAsync() => _server = await AgentServer.StartAsync(_options, Log, this, Warn);

    /// <summary>Another run of the agent, as after a crash.</summary>
    public Task StartAnewAsync()
    {
        Identity = new AgentIdentity("node-1");
        return StartServerAsync();
    }

    /// <summary>The server; the log stays, as if the connection had been lost.</summary>
    public async Task StopAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        _server = null;
    }

    public KatraceConnection Connect() => KatraceConnection.Open($"unix:{SocketPath}");

    /// <summary>Events of one connection, a second apart, the first at the time of <see cref="Sample"/>.</summary>
    public void Happen(int count, Func<RawEvent, int, RawEvent>? change = null, ProcessIdentity? process = null)
    {
        for (int i = 0; i < count; i++)
        {
            RawEvent raw = Sample.Probe with { TimeNs = Sample.Probe.TimeNs + ((Log.End - 1 + (ulong)i) * 1_000_000_000) };
            EventRecord record = (change?.Invoke(raw, i) ?? raw).ToRecord();
            Log.Append(in record, process ?? Sample.Redis, Clock);
        }

        Log.Publish();
    }

    /// <summary>Asked for by the service.</summary>
    public Func<SocketTable> Sockets { get; set; } = () => Rows.Table([]);

    public SocketTable ReadSockets() => Sockets();

    public Task<ProcessIdentity[]> IdentifyAsync(SocketTable table) =>
        Task.FromResult<ProcessIdentity[]>([.. table.Processes.Select(p => new ProcessIdentity(p.Key, Encoding.UTF8.GetBytes(p.Comm), null))]);

    public IHostLook Look(SocketTable table) => Host(table);

    /// <summary>What there is to know of the host beside its sockets.</summary>
    public Func<SocketTable, IHostLook> Host { get; set; } = table => new MadeUpLook(table);

    public void Describe(GetStatusResponse status) => status.Version = "test";

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Log.Dispose();
        _directory.Delete(recursive: true);
    }

    private void Warn(string warning)
    {
        lock (Warnings)
            Warnings.Add(warning);
    }
}
