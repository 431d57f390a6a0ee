using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Grpc.Core;
using KaTrace.Captures;
using KaTrace.Cli.Replaying;
using KaTrace.Events;
using KaTrace.Hosts;
using KaTrace.Knobs;
using KaTrace.Output;
using KaTrace.Processes;
using KaTrace.Server.Hosting;
using KaTrace.Server.Log;
using KaTrace.Server.Streaming;
using KaTrace.Sockets;
using KaTrace.V1;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace KaTrace.Cli.Serving;

/// <summary>Serves captures of one host as if it happened now: needs neither this kernel nor a right. A thread of its own.</summary>
internal sealed class ReplayedAgent : IAgent, IDisposable
{
    private readonly ReplayOptions _options;
    private readonly LogOutput _output;
    private readonly CapturePlayer _player;
    private readonly CaptureHeader _header;
    private readonly KernelClock _begun;
    private readonly Thread _thread;

    /// <summary>What else is known, for as long as somebody has the table.</summary>
    private readonly ConditionalWeakTable<SocketTable, IHostLook> _looks = [];
    private volatile bool _ended;
    private volatile string[] _gaps = [];

    /// <param name="options">What is served, and how fast.</param>
    /// <param name="historyBytes">Memory for events.</param>
    /// <param name="ended">Told that all is served, or why not all can be.</param>
    /// <exception cref="IOException">A file cannot be opened.</exception>
    /// <exception cref="InvalidDataException">One is no capture, or they are not all of one host.</exception>
    public ReplayedAgent(ReplayOptions options, long historyBytes, Action<InvalidDataException?> ended)
    {
        _options = options;
        Log = new EventLog(historyBytes);
        _output = new LogOutput(Log);
        _player = new CapturePlayer(options, _output);
        OneHost.Check(_player.Captures);
        _header = _player.Captures[0].Header;
        _begun = _player.Captures[0].Clock;
        Identity = new AgentIdentity(_header.NodeName);
        _thread = new Thread(() => Run(ended)) { IsBackground = true, Name = "replay" };
    }

    public EventLog Log { get; }

    public AgentIdentity Identity { get; }

    public KernelClock Clock => _output.Last?.Clock ?? _begun;

    /// <summary>Goes on from the latest event as fast as it is replayed, and behind the last one as time does.</summary>
    public ulong MonotonicNs => _output.Last is { } last
        ? last.MonotonicNs + (ulong)(Stopwatch.GetElapsedTime(last.ServedAt).TotalNanoseconds * (_ended ? 1 : _options.Speed ?? 0))
        : _header.BegunMonotonicNs;

    /// <summary>What was served, and what of it is missing.</summary>
    public string Summary => string.Create(CultureInfo.InvariantCulture, $"{_player.Shown:N0} events{(_player.Lost.Count == 0 ? ", none lost" : "")}{string.Concat(_player.Lost.Select(lost => $", lost {LostSentence.Of(lost.Place, lost.Count)}"))}");

    public IReadOnlyList<string> Gaps => _gaps;

    /// <summary>Begins with the first event.</summary>
    public void Begin() => _thread.Start();

    /// <exception cref="RpcException">FAILED_PRECONDITION: the capture does not hold them.</exception>
    public SocketTable ReadSockets()
    {
        if (_options.Paths.Contains("-"))
            throw new RpcException(new Status(StatusCode.FailedPrecondition, "this agent serves a capture from standard input, which cannot be searched for sockets"));
        try
        {
            using RecordedHost host = new(_options.Paths, _ => Clock.ToUnixNs(MonotonicNs), mayBePast: true);
            IHostLook look = host.Look(programs: true);
            _looks.Add(look.Table, look);
            return look.Table;
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            throw new RpcException(new Status(StatusCode.FailedPrecondition, $"this agent serves a capture: {e.Message}"));
        }
    }

    public Task<ProcessIdentity[]> IdentifyAsync(SocketTable table) => Task.FromResult(Look(table).ReadPrograms(table.Processes).Identify(table));

    public IHostLook Look(SocketTable table) => _looks.TryGetValue(table, out IHostLook? look) ? look : throw new ArgumentException("This table was not read here.", nameof(table));

    public void Describe(GetStatusResponse status)
    {
        status.Version = AgentVersion.Text;
        status.KernelRelease = _header.KernelRelease;
        status.Backends.AddRange(_header.Backends.Select(BackendOf));
        status.StartTime = EventMessage.TimeOf(_begun.ToUnixNs(_header.BegunMonotonicNs));
        status.Hidden = _player.FilteredOut;
        status.Lost.AddRange(_player.Lost.Select(lost => new Lost { Place = lost.Place, Count = lost.Count }));
        status.Replay = new Replay { Files = { _player.Captures.Select(c => c.Name) }, Speed = _options.Speed ?? 0, Ended = _ended, Gaps = { _gaps } };
        if (_output.Last is { } last)
            status.Replay.Position = EventMessage.TimeOf(last.Clock.ToUnixNs(last.MonotonicNs));
    }

    public void Dispose()
    {
        _player.Stop();
        if (_thread.IsAlive)
            _thread.Join();
        _player.Dispose();
        Log.Dispose();
    }

    /// <summary>"keepalive timer by tp_btf".</summary>
    private static V1.Backend BackendOf(string text) => text.LastIndexOf(" by ", StringComparison.Ordinal) is var by and > 0
        ? new V1.Backend { Purpose = text[..by], Name = text[(by + 4)..] }
        : new V1.Backend { Purpose = text };

    private void Run(Action<InvalidDataException?> ended)
    {
        InvalidDataException? damage = null;
        try
        {
            _player.Run(_ => _output);
            _gaps = [.. _player.Cuts];
        }
        catch (InvalidDataException e)
        {
            damage = e;
            _gaps = [e.Message];
        }

        _output.Flush();
        _ended = true;
        ended(damage);
    }
}
