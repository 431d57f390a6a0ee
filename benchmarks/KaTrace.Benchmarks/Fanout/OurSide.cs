using KaTrace.Events;
using KaTrace.Hosts;
using KaTrace.Processes;
using KaTrace.Server.Hosting;
using KaTrace.Server.Log;
using KaTrace.Server.Streaming;
using KaTrace.Sockets;
using KaTrace.V1;
using Microsoft.Extensions.DependencyInjection;

namespace KaTrace.Benchmarks.Fanout;

/// <summary>The agent's own server and log.</summary>
internal sealed class OurSide : IFanoutSide, IAgent, IDisposable
{
    /// <summary>The log keeps some 120,000.</summary>
    private const ulong MostBehind = 50_000;

    private readonly EventLog _log = new();
    private AgentServer? _server;

    public AgentIdentity Identity { get; } = new("bench");

    public KernelClock Clock => MadeEvents.Clock;

    public ulong MonotonicNs => RealtimeOffset.MonotonicNs;

    public bool IsDrained => Furthest == 0;

    public async Task StartAsync(string address)
    {
        // As of an agent that has run for a while: its memory is full, and used again from here on.
        for (ulong number = 0; _log.TakenBytes < _log.CapacityBytes; number++)
            Make(number);
        _log.Publish();
        _server = await AgentServer.StartAsync(new ServerOptions { Listen = [ListenAddress.Parse(address)] }, _log, this, Console.Error.WriteLine);
    }

    public void Make(ulong number)
    {
        EventRecord record = MadeEvents.Next(number);
        _log.Append(in record, MadeEvents.Process, MadeEvents.Clock);
    }

    public void Publish()
    {
        _log.Publish();
        if (Furthest <= MostBehind)
            return;
        while (Furthest > MostBehind / 2)
            Thread.Sleep(1);
    }

    public void Dispose() => _log.Dispose();

    public SocketTable ReadSockets() => throw new NotSupportedException("Not measured here.");

    public Task<ProcessIdentity[]> IdentifyAsync(SocketTable table) => throw new NotSupportedException("Not measured here.");

    public IHostLook Look(SocketTable table) => throw new NotSupportedException("Not measured here.");

    public void Describe(GetStatusResponse status)
    {
    }

    private ulong Furthest => _server!.Services.GetRequiredService<Subscriptions>().FurthestBehind();
}
