using System.Diagnostics;
using System.Net.Sockets;
using KaTrace.Bpf;
using KaTrace.Events;
using KaTrace.KernelTests.Net;
using KaTrace.KernelTests.Stream;
using KaTrace.Ring;
using static KaTrace.KernelTests.Net.KeepaliveSocket;

[assembly: AssemblyFixture(typeof(TracedEvents))]

namespace KaTrace.KernelTests.Stream;

/// <summary>The real programs in the real kernel, through the real ring and pipeline: what they saw, kept for the tests to wait on.
/// One for all tests, as an operator has one for all the host.</summary>
public sealed class TracedEvents : IDisposable, IEventSink
{
    private static readonly TimeSpan Deadline = Pace.Deadline(20);
    /// <summary>Other tests make events by the million, of which nobody asks for the oldest: 0.9 GB of them are enough.</summary>
    private const int MostKept = 4_000_000;

    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(200);

    private readonly KeepaliveTracer? _tracer;
    private readonly RingPipeReader? _reader;
    private readonly EventPipeline? _pipeline;
    private readonly AnswerPoller? _answers;
    private readonly Reconciler? _reconciler;
    private readonly List<string> _failures = [];
    private readonly Thread? _thread;
    private readonly List<EventRecord> _events = [];
    private int _forgotten;

    public TracedEvents()
        : this(liveAnswers: false)
    {
        OfAllTests = this;
    }

    internal static TracedEvents? OfAllTests { get; private set; }

    internal TracedEvents(bool liveAnswers = false, TimeSpan reconcile = default)
    {
        if (KernelAccess.Missing is not null)
            return;

        try
        {
            string? backend = Environment.GetEnvironmentVariable("KATRACE_TEST_BACKEND");
            _tracer = KeepaliveTracer.Start(new TracerOptions { RingBytes = 32 << 20, Backend = backend ?? "auto", LiveAnswers = liveAnswers });
            if (backend is not null && !liveAnswers)
                Tell(_tracer.Backends);
        }
        catch (BpfNotSupportedException e)
        {
            KernelAccess.Missing = e.Message;
            return;
        }
        catch (BpfException e)
        {
            Console.WriteLine(e.Log); // the verifier's words are nowhere else
            throw;
        }

        _answers = AnswerPoller.CanHelp(_tracer) ? new AnswerPoller(_tracer, warning => throw new InvalidOperationException(warning)) : null;
        _reader = _tracer.OpenRing();
        _pipeline = new EventPipeline(_reader);
        _reconciler = reconcile > TimeSpan.Zero ? new Reconciler(_tracer, reconcile, _failures.Add, share: 0.2) : null;
        _thread = new Thread(() => _pipeline.Run(this)) { IsBackground = true, Name = "events" };
        _thread.Start();
    }

    internal uint Hz => Tracer.Hz;

    internal string? Slower => Tracer.Slower;

    /// <summary>Better ways to see something, and why each was not possible.</summary>
    internal IEnumerable<string> Rejected => Tracer.Backends.SelectMany(b => b.Rejected.Select(r => $"{b.Hook} by {r}"));

    internal uint OwnTgid => Tracer.OwnTgid;

    /// <summary>False before 5.12: a socket then has a cookie only if somebody has asked for it.</summary>
    internal bool MakesCookies => !Tracer.Backends.Any(b => b.Backend.EndsWith("without cookies", StringComparison.Ordinal));

    /// <summary>False before 5.12 too: bpf_prog_info.recursion_misses.</summary>
    internal bool CountsSkipped => MakesCookies;

    /// <summary>Only the system call has one: what lies below it sees none.</summary>
    internal bool SeesDescriptors => OptionsBy("tracepoint");

    /// <summary>The kernel's own functions, through which all ways lead.</summary>
    internal bool SeesEveryWay => OptionsBy("fentry") || OptionsBy("kprobe");

    /// <summary>Also where there is no connection, whose timer would tell.</summary>
    internal bool SeesIoUring => SeesEveryWay || OptionsBy("cgroup");

    /// <summary>False where the kernel has no iterator over sockets without descriptors.</summary>
    internal bool SeesAllSockets => Tracer.Backends.Any(b => b.Hook == "snapshots" && Snapshots.SeeAll(b.Backend));

    internal uint SnapshotsTaken => Tracer.SnapshotsTaken;

    /// <summary>Why passes over all sockets failed.</summary>
    internal IReadOnlyList<string> SnapshotFailures => _failures;

    /// <summary>True where the kernel leaves out a kprobe program that interrupts another one.</summary>
    internal bool MayMissTimers => Tracer.Backends.Any(b => b is { Hook: "keepalive timer", Backend: "kprobe" });

    /// <summary>False where an answer is told only when the timer runs again.</summary>
    internal bool LooksForAnswers => _answers is not null && MakesCookies;

    private bool OptionsBy(string part) =>
        Tracer.Backends.Single(b => b.Hook == "socket options").Backend.Split(" + ").Contains(part);

    private KeepaliveTracer Tracer
    {
        get
        {
            KernelAccess.Require();
            return _tracer!;
        }
    }

    /// <summary>Waits until so many events fit, and returns all that do.</summary>
    internal EventRecord[] WaitFor(int count, Func<EventRecord, bool> fits, TimeSpan? deadline = null)
    {
        KernelAccess.Require();
        Stopwatch waited = Stopwatch.StartNew();
        TimeSpan limit = deadline ?? Deadline;
        List<EventRecord> found = [];
        int seen = 0;
        lock (_events)
        {
            while (true)
            {
                // Others on this host may make events by the million: each is looked at once.
                for (seen = Math.Max(seen, _forgotten); seen < _forgotten + _events.Count; seen++)
                {
                    if (fits(_events[seen - _forgotten]))
                        found.Add(_events[seen - _forgotten]);
                }

                if (found.Count >= count)
                    return [.. found];

                TimeSpan left = limit - waited.Elapsed;
                if (left <= TimeSpan.Zero || !Monitor.Wait(_events, left))
                    throw new TimeoutException($"{found.Count} of {count} events came in {limit.TotalSeconds} s (dropped by the kernel: {string.Join(',', Drops())}, programs skipped: {DescribeSkipped()}, undecodable {Undecodable}, numbers missing {_pipeline?.Sequences.Missing}, snapshots {SnapshotsTaken}{string.Concat(_failures.Select(why => $", of which one failed: {why}"))}): {Describe(found)}");
            }
        }
    }

    internal EventRecord WaitForOne(Func<EventRecord, bool> fits, TimeSpan? deadline = null) => WaitFor(1, fits, deadline)[0];

    /// <summary>Waits until something holds of the events so far, or of what they tell about.</summary>
    internal void WaitUntil(Func<bool> holds, Func<string> otherwise)
    {
        Stopwatch waited = Stopwatch.StartNew();
        lock (_events)
        {
            while (!holds())
            {
                if (waited.Elapsed > Deadline)
                    throw new TimeoutException($"in vain for {Deadline.TotalSeconds} s (programs skipped: {DescribeSkipped()}): {otherwise()}");
                Monitor.Wait(_events, LookAgain);
            }
        }
    }

    /// <summary>All that fit so far. Only meaningful after an event that is known to come later.</summary>
    internal EventRecord[] SoFar(Func<EventRecord, bool> fits)
    {
        lock (_events)
            return [.. _events.Where(fits)];
    }

    /// <summary>Until all calls of this thread are told. They come in order, but for those that are told by looks at all pending
    /// calls: when a second one is over, so is all that was there before the first.</summary>
    /// <param name="turnOn">Keepalive, in the way that is waited for.</param>
    internal void WaitForCallsSoFar(Action<Socket>? turnOn = null)
    {
        turnOn ??= socket => socket.Set(SOL_SOCKET, SO_KEEPALIVE, 1);
        for (int look = 0; look < 2; look++)
        {
            using Socket barrier = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            ulong inode = barrier.Inode();
            turnOn(barrier);
            WaitForOne(e => e.Ino == inode);
        }
    }

    internal ulong Undecodable => _pipeline?.Undecodable ?? 0;

    /// <summary>How often the kernel left out one of our programs, as it was under way on that processor already.</summary>
    internal ulong Skipped() => Tracer.ReadSkipped();

    /// <summary>The same by program.</summary>
    internal string DescribeSkipped() => Tracer.DescribeSkipped() is { Length: > 0 } skipped ? skipped : "none";

    internal ulong[] Drops()
    {
        ulong[] drops = new ulong[KernelDropReasons.Count];
        Tracer.ReadDrops(drops);
        return drops;
    }

    internal static string Describe(IEnumerable<EventRecord> events) => string.Join("; ", events.Take(20).Select(e =>
        $"{e.Kind} {e.Lport}>{e.Rport} {e.OldState}>{e.State} [{e.Flags}] po {e.ProbesOut} unanswered {e.Unanswered} err {e.Err} by {e.Source} of {e.Tgid} ({e.Holding}, {e.Holders} hold)"));

    /// <summary>For who runs the tests on many kernels (tests/kernels): what each has, and why not something better.</summary>
    private static void Tell(IEnumerable<ChosenBackend> backends)
    {
        foreach (ChosenBackend chosen in backends)
        {
            Console.WriteLine($"chosen: {chosen.Hook} by {chosen.Backend}");
            foreach (string rejected in chosen.Rejected)
                Console.WriteLine($"rejected: {chosen.Hook} by {rejected}");
        }
    }

    void IEventSink.OnEvent(in EventRecord record)
    {
        if (record.Kind == EventKind.Probe)
            _answers?.Expect(in record);
        lock (_events)
        {
            if (_events.Count == MostKept)
            {
                _events.RemoveRange(0, MostKept / 2);
                _forgotten += MostKept / 2;
            }

            _events.Add(record);
        }
    }

    void IEventSink.OnBatchEnd()
    {
        lock (_events)
            Monitor.PulseAll(_events);
    }

    public void Dispose()
    {
        _reconciler?.Dispose();
        _reader?.Stop();
        _thread?.Join();
        _answers?.Dispose();
        _reader?.Complete();
        _tracer?.Dispose();
    }
}
