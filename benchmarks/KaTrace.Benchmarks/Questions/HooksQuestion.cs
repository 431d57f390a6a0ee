using System.Runtime.CompilerServices;
using KaTrace.Benchmarks.Measuring;
using KaTrace.Bpf;
using KaTrace.Coverage;

namespace KaTrace.Benchmarks.Questions;

/// <summary>What each hook costs: as nanoseconds of a run of its program by the kernel's own statistics, less what these cost,
/// and as CPU time that the program that is traced takes more.</summary>
internal sealed class HooksQuestion : IQuestion
{
    private const int Rounds = 5;

    private static readonly string[] Backends = ["tp-btf", "raw-tp", "fentry", "kprobe", "cgroup"];

    private static readonly string[] OptionPrograms =
    [
        "setsockopt_enter", "setsockopt_exit", "setsockopt_cgroup", "set_keepalive_fexit", "set_keepalive_kprobe",
        "set_option_fentry", "set_option_fexit", "set_option_kprobe", "set_option_kretprobe",
    ];

    private static readonly string[] TimerPrograms =
    [
        "timer_enter", "timer_exit", "timer_enter_raw", "timer_exit_raw", "keepalive_timer_fentry", "keepalive_timer_fexit",
        "keepalive_timer_kprobe", "keepalive_timer_kretprobe",
    ];

    /// <summary>In this order; the programs are those of every backend, and the ones that are not loaded are left out.</summary>
    private static readonly Load[] Loads =
    [
        new("syscall", "a system call that nobody looks at"),
        new("keepalive", "setsockopt(SO_KEEPALIVE)", OptionPrograms),
        new("option", "another setsockopt", OptionPrograms),
        new("plain", "connect, accept, reset without keepalive", "state", "destroy", "accept_exit"),
        new("inherited", "connect, accept, reset with keepalive", "state", "destroy", "accept_exit"),
        new("echo", "a byte to and fro, answers live", "segment", "segment_raw") { IsLive = true },
        new("timers", "timers of others", ["timer_start", .. TimerPrograms]) { IsPaced = true },
        new("probes", "a keepalive probe", TimerPrograms) { IsPaced = true },
    ];

    private static readonly Load Timers = Loads[^2];
    private static readonly Load Probes = Loads[^1];

    private readonly Sample _statistics = new();
    private readonly Dictionary<Load, Sample> _untraced = Loads.ToDictionary(load => load, _ => new Sample());
    private readonly Dictionary<(string, Load), Sample> _traced = [];
    private readonly Dictionary<(string, Load, string), Sample> _programs = [];

    public string Name => "hooks";

    public IEnumerable<Row> Ask(bool quick)
    {
        Dictionary<string, string> refused = [];
        int milliseconds = quick ? 50 : 300;
        for (int round = 0; round < (quick ? 1 : Rounds); round++)
        {
            OtherTracers.WaitUntilGone();
            _statistics.Add(ProgramTimes.OwnCost(() => Run(Loads[0], milliseconds)));
            foreach (Load load in Loads.Where(load => !load.IsPaced))
                _untraced[load].Add(Run(load, milliseconds));
            OtherTracers.Look(expected: 0);
            foreach (string backend in Backends.Where(b => !refused.ContainsKey(b)))
            {
                try
                {
                    Trace(backend, milliseconds);
                }
                catch (BpfException e)
                {
                    refused.Add(backend, e.Message);
                }
            }
        }

        yield return new Row("hooks, an empty program by the kernel's statistics, ns", _statistics.Text("0"), "");
        foreach (string backend in Backends)
        {
            if (refused.TryGetValue(backend, out string? reason))
                yield return new Row($"hooks {backend}", "not here", reason);
            foreach (Load load in refused.ContainsKey(backend) ? [] : Loads)
                yield return Figures(backend, load);
        }
    }

    private static double Run(Load load, int milliseconds)
    {
        ulong[] answer = Peer.Run(0, "hook_caller", load.Name, load.IsPaced ? milliseconds * 8 : milliseconds);
        return answer[0] == 0 ? double.NaN : (double)answer[1] / answer[0];
    }

    private void Trace(string backend, int milliseconds)
    {
        using KeepaliveTracer tracer = KeepaliveTracer.Start(new TracerOptions { Backend = backend, LiveAnswers = true });
        BpfObject bpf = ObjectOf(tracer);
        using SharedFd ring = new(bpf.Map("events").Fd);
        using Peer reader = Peer.StartOurs(1, Roles.Live, ring.Number, (int)tracer.RingBytes);
        reader.WaitReady();
        foreach (Load load in Loads)
        {
            using BpfLink? live = load.IsLive ? tracer.AttachLiveAnswers() : null;
            if (!load.IsPaced)
                Of(_traced, (backend, load)).Add(Run(load, milliseconds));

            using ProgramTimes times = new();
            BpfProgram[] programs = [.. load.Programs.Select(bpf.Program).Where(program => program.Fd >= 0)];
            (ulong Runs, ulong Ns)[] before = [.. programs.Select(ProgramTimes.Read)];
            ulong probes = load == Probes ? KernelProbes() : 0;
            Run(load, milliseconds);
            probes = load == Probes ? KernelProbes() - probes : 0;
            (ulong Runs, ulong Ns)[] after = [.. programs.Select(ProgramTimes.Read)];
            ulong often = programs.Select((_, i) => after[i].Runs - before[i].Runs).Aggregate(0ul, Math.Max);
            for (int i = 0; i < programs.Length; i++)
            {
                (ulong runs, ulong ns) = (after[i].Runs - before[i].Runs, after[i].Ns - before[i].Ns);
                if (runs == 0 || runs < often / 10)
                    continue; // it does not sit on what this load does, but on how it begins and ends

                double took = ns - (runs * _statistics.Median);
                // Timers of others pass some of them too, and more often: what these took is known by now.
                if (load != Probes)
                    Of(_programs, (backend, load, programs[i].Name)).Add(took / runs);
                else if (probes > 0)
                    Of(_programs, (backend, load, programs[i].Name)).Add((took - (_programs.TryGetValue((backend, Timers, programs[i].Name), out Sample? others) ? (runs - probes) * others.Median : 0)) / probes);
            }
        }

        OtherTracers.Look(expected: 1);
        reader.Stop();
    }

    private static ulong KernelProbes() => KernelProbeCounters.Read(_ => 0).Values.Aggregate(0ul, (sum, count) => sum + count.Probes);

    private Row Figures(string backend, Load load)
    {
        string programs = string.Join(", ", load.Programs.Where(name => _programs.ContainsKey((backend, load, name)))
            .Select(name => $"{name} {_programs[(backend, load, name)].Text("0")}"));
        if (load.IsPaced)
            return new Row($"hooks {backend}: {load.What}, ns a run", "", programs);

        double untraced = _untraced[load].Median, traced = _traced[(backend, load)].Median;
        return new Row($"hooks {backend}: {load.What}, ns more than {untraced:0}", $"{traced - untraced:0} ± {Spread(_traced[(backend, load)])}", programs, traced / untraced);
    }

    private static string Spread(Sample sample) => sample.Text("0").Split(' ')[^1];

    private static Sample Of<TKey>(Dictionary<TKey, Sample> samples, TKey key)
        where TKey : notnull
    {
        if (!samples.TryGetValue(key, out Sample? sample))
            samples.Add(key, sample = new Sample());
        return sample;
    }

    // The tracer hands out readers, not descriptors, and the statistics need the latter.
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_bpf")]
    private static extern ref BpfObject ObjectOf(KeepaliveTracer tracer);

    /// <param name="Name">For <c>peers/hook_caller.c</c>.</param>
    /// <param name="What">For the table.</param>
    /// <param name="Programs">That run meanwhile.</param>
    private sealed record Load(string Name, string What, params string[] Programs)
    {
        /// <summary>With the program that sees answers come in attached.</summary>
        public bool IsLive { get; init; }

        /// <summary>It goes by timers, so that nothing takes longer.</summary>
        public bool IsPaced { get; init; }
    }
}
