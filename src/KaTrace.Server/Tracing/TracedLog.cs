using System.Collections.Concurrent;
using System.Text;
using KaTrace.Bpf;
using KaTrace.Coverage;
using KaTrace.Events;
using KaTrace.Filters;
using KaTrace.Hosts;
using KaTrace.Output;
using KaTrace.Processes;
using KaTrace.Ring;
using KaTrace.Server.Hosting;
using KaTrace.Server.Log;
using KaTrace.Server.Streaming;
using KaTrace.Sockets;
using KaTrace.V1;
using Timer = System.Threading.Timer;

namespace KaTrace.Server.Tracing;

/// <summary>Traces this kernel once, and fills the log. A thread of its own; allocates nothing an event.</summary>
internal sealed class TracedLog : IEventSink, IAgent, IDisposable
{
    private const long TickEveryMs = 1000;

    /// <summary>Of probes traced with those that the kernel counted. Looks at every process of the host.</summary>
    private static readonly TimeSpan CompareEvery = TimeSpan.FromMinutes(1);

    /// <summary>Some processes hold up whoever reads them: those are named alone.</summary>
    private static readonly TimeSpan DetailsWithin = TimeSpan.FromSeconds(1);

    private readonly TraceOptions _options;
    private readonly KeepaliveTracer _tracer;
    private readonly RingPipeReader _reader;
    private readonly EventPipeline _pipeline;
    private readonly LossMonitor _losses;
    private readonly AnswerPoller? _answers;
    private readonly Reconciler? _reconciler;
    private readonly RealtimeOffset _realtime = new();
    private readonly ProcessCatalog _processes = new();
    private readonly ProbeCoverage _coverage;
    private readonly SemaphoreSlim _comparing = new(1);
    private readonly ConcurrentQueue<Action> _atBatchEnd = [];
    private readonly Timer _compare;
    private readonly Thread _thread;
    private readonly Google.Protobuf.WellKnownTypes.Timestamp _start = EventMessage.TimeOf(UnixTime.Now);
    private volatile StrongClock _clock;
    private volatile Lost[] _lost = [];
    private volatile V1.ProbeCounts? _covered;
    private readonly Lock _socketsLock = new();
    private KernelSockets? _sockets;
    private long _lastTickMs;

    private TracedLog(TraceOptions options, KeepaliveTracer tracer, Action<string> warn, Action<Exception> failed)
    {
        (_options, _tracer) = (options, tracer);
        Identity = new AgentIdentity(Environment.MachineName);
        Log = new EventLog(options.HistoryBytes, tracer.OwnTgid);
        _clock = new StrongClock(new KernelClock(tracer.Hz, _realtime.Ns));
        _reader = tracer.OpenRing();
        _reader.ReturnsWhenQuiet = true;
        _pipeline = new EventPipeline(_reader);
        _losses = new LossMonitor(tracer, _pipeline);
        _answers = AnswerPoller.CanHelp(tracer) ? new AnswerPoller(tracer, warn) : null;
        _reconciler = options.Reconcile > TimeSpan.Zero
            ? new Reconciler(tracer, options.Reconcile, reason => warn($"{reason}; changes that no hook sees are not found until it works again"))
            : null;
        _coverage = ProbeCoverage.Of(tracer);
        _thread = new Thread(() => Run(failed)) { IsBackground = true, Name = "events" };
        _thread.Start();
        _compare = new Timer(_ => _ = CompareProbesAsync(), null, CompareEvery, CompareEvery);
    }

    public EventLog Log { get; }

    public AgentIdentity Identity { get; }

    public KernelClock Clock => _clock.Value;

    public ulong MonotonicNs => RealtimeOffset.MonotonicNs;

    public KeepaliveTracer Tracer => _tracer;

    /// <summary>When it returns, every event is seen.</summary>
    /// <param name="options">What to trace.</param>
    /// <param name="warn">Told what works worse than it should.</param>
    /// <param name="failed">Told why tracing has ended by itself.</param>
    /// <exception cref="BpfException">Tracing cannot be set up.</exception>
    public static TracedLog Start(TraceOptions options, Action<string> warn, Action<Exception> failed) =>
        new(options, KeepaliveTracer.Start(options.Tracer), warn, failed);

    public SocketTable ReadSockets()
    {
        lock (_socketsLock)
            return (_sockets ??= KernelSockets.Open()).Read();
    }

    public async Task<ProcessIdentity[]> IdentifyAsync(SocketTable table)
    {
        ProcessDetails?[] details = await _processes.FindAllAsync([.. table.Processes.Select(process => process.Key)], DetailsWithin).ConfigureAwait(false);
        return [.. table.Processes.Select((process, i) => new ProcessIdentity(process.Key, Encoding.UTF8.GetBytes(process.Comm), details[i]))];
    }

    public IHostLook Look(SocketTable table) => new TracedHost(table, Identity.NodeName, _processes, DetailsWithin);

    public void Describe(GetStatusResponse status)
    {
        status.Version = AgentVersion.Text;
        status.KernelRelease = File.ReadAllText("/proc/sys/kernel/osrelease").TrimEnd();
        status.Backends.AddRange(_tracer.Backends.Select(b => new V1.Backend { Purpose = b.Hook, Name = b.Backend, Rejected = { b.Rejected } }));
        status.Programs = (uint)_tracer.Programs;
        status.StartTime = _start;
        status.Hidden = _tracer.ReadHidden();
        status.Lost.AddRange(_lost);
        status.ProbeCoverage = _covered;
    }

    /// <summary>Compares the probes traced with those that the kernel counted, for the status.</summary>
    public async Task CompareProbesAsync()
    {
        await _comparing.WaitAsync().ConfigureAwait(false);
        try
        {
            await AtBatchEndAsync(_coverage.BeginLook).ConfigureAwait(false);
            await Task.Run(_coverage.TakeKernelCounts).ConfigureAwait(false);
            await AtBatchEndAsync(_coverage.Settle).ConfigureAwait(false);
            (ulong traced, ulong kernel) = _coverage.Totals;
            _covered = new V1.ProbeCounts { Traced = traced, Counted = kernel, Time = EventMessage.TimeOf(UnixTime.Now) };
        }
        finally
        {
            _comparing.Release();
        }
    }

    /// <summary>The programs stay until the process ends: taking them down takes the kernel 200 ms.</summary>
    public void Dispose()
    {
        _compare.Dispose();
        _reconciler?.Dispose();
        _reader.Stop();
        _thread.Join();
        _answers?.Dispose();
        _processes.Dispose();
        _sockets?.Dispose();
        Log.Dispose();
    }

    void IEventSink.OnEvent(in EventRecord record)
    {
        _coverage.Note(in record);
        // Before the filters: they may hide probes and show answers.
        if (record.Kind == EventKind.Probe)
            _answers?.Expect(in record);
        ProcessIdentity? process = _processes.Resolve(in record);
        if (_options.Filter.Matches(in record, process))
            Log.Append(in record, process, in _clock.Value);
    }

    void IEventSink.OnBatchEnd()
    {
        // No timer: the thread wakes up once a second anyway, and others woken for it were half of what an idle agent cost.
        if (Environment.TickCount64 - _lastTickMs >= TickEveryMs)
            Tick();
        Log.Publish();
        while (_atBatchEnd.TryDequeue(out Action? action))
            action();
    }

    private void Run(Action<Exception> failed)
    {
        try
        {
            _pipeline.Run(this);
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            failed(e);
        }
    }

    /// <summary>Has the pipeline's own thread do it, behind the events that are there now.</summary>
    private Task AtBatchEndAsync(Action action)
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _atBatchEnd.Enqueue(() =>
        {
            action();
            done.SetResult();
        });
        _reader.CancelPendingRead();
        return done.Task;
    }

    private void Tick()
    {
        _lastTickMs = Environment.TickCount64;
        _realtime.Refresh();
        if (_realtime.Ns != Clock.RealtimeOffsetNs)
            _clock = new StrongClock(new KernelClock(_tracer.Hz, _realtime.Ns));
        IReadOnlyList<(Lost.Types.Place Place, ulong Count)> news = _losses.Look();
        if (news.Count == 0)
            return;
        foreach ((Lost.Types.Place place, ulong count) in news)
            Log.AppendLost(place, count, RealtimeOffset.MonotonicNs, in _clock.Value);
        _lost = [.. _losses.Total.Select(total => new Lost { Place = total.Place, Count = total.Count })];
    }

    /// <summary>A clock that other threads read whole.</summary>
    private sealed class StrongClock(KernelClock value)
    {
        public readonly KernelClock Value = value;
    }
}
