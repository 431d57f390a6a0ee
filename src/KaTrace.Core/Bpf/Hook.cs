namespace KaTrace.Bpf;

/// <summary>One thing to see, and the ways to see it, best first. Which one a kernel offers is found by trying, not by its
/// version: features are backported, locked down and compiled out.</summary>
/// <param name="Name">What is seen, for messages.</param>
/// <param name="Ways">In order of preference.</param>
internal sealed record Hook(string Name, params Backend[] Ways)
{
    public const string PollAnswers = "poll";

    private static readonly HookProgram SetsockoptEnter = new("setsockopt_enter", "syscalls", "sys_enter_setsockopt");
    private static readonly HookProgram PendingState = new("pending_state");
    private static readonly HookProgram PendingDestroy = new("pending_destroy");
    private static readonly HookProgram SetsockoptExit = new("setsockopt_exit", "syscalls", "sys_exit_setsockopt");

    /// <summary>Everything that makes events, and who owns a socket.</summary>
    public static IList<Hook> All { get; } =
    [
        new("keepalive timer",
            new Backend("fentry", new("keepalive_timer_fentry"), new("keepalive_timer_fexit"), new("write_timer_fentry"), new("write_timer_fexit")),
            new Backend("tp_btf", new("timer_enter"), new("timer_exit")),
            new Backend("raw_tp", new("timer_enter_raw"), new("timer_exit_raw")),
            new Backend("kprobe", new("keepalive_timer_kprobe"), new("keepalive_timer_kretprobe"), new("write_timer_kprobe"), new("write_timer_kretprobe"))),
        new("socket options",
            new Backend("fentry", new("set_keepalive_fexit"), new("set_option_fentry"), new("set_option_fexit")),
            new Backend("tracepoint + timer_start", SetsockoptEnter, SetsockoptExit, new("timer_start")),
            new Backend("kprobe", new("set_keepalive_kprobe"), new("set_option_kprobe"), new("set_option_kretprobe")),
            new Backend("cgroup + timer_start", PendingState, PendingDestroy, new("setsockopt_cgroup") { OnRootCgroup = true }, new("timer_start"))),
        new("socket states",
            new Backend("tp_btf", new("state"), new("destroy")),
            new Backend("tp_btf without cookies", new("state"), new("destroy")) { HasCookieHelper = false }),
        new("accepted sockets",
            new Backend("tracepoint",
                new("accept_exit", "syscalls", "sys_exit_accept"),
                new("accept4_exit", "syscalls", "sys_exit_accept4"))),
        new("ended processes",
            new Backend("tp_btf", new HookProgram("process_exit")),
            new Backend("next snapshot")),
        new("snapshots",
            new Backend(Snapshots.Complete, new("snapshot_tcp") { IsCalled = true }, new("snapshot_known") { IsCalled = true }),
            new Backend(Snapshots.CompleteAtOnce, new("snapshot_tcp") { IsCalled = true }, new("snapshot_known_called") { IsCalled = true }),
            new Backend("task_file")),
        new("answers",
            new Backend(PollAnswers, new HookProgram("poll_answer") { IsCalled = true }),
            new Backend("next timer run")),
    ];

    /// <summary>Answers as they come in (<c>--live-answers</c>); without a way, looks tell them.</summary>
    public static Hook LiveAnswers { get; } =
        new("live answers",
            new Backend("tp_btf", new HookProgram("segment") { IsOnDemand = true }),
            new Backend("raw_tp", new HookProgram("segment_raw") { IsOnDemand = true }),
            new Backend("looks"));

    /// <summary>The same with the ways that a user forces (<c>--backend</c>): for support, and to test each.</summary>
    /// <param name="name">auto, fentry, tp-btf, raw-tp, kprobe or cgroup.</param>
    /// <param name="liveAnswers">With <see cref="LiveAnswers"/>.</param>
    public static IList<Hook> Forced(string name, bool liveAnswers)
    {
        Hook live = name == "raw-tp" ? LiveAnswers with { Ways = LiveAnswers.Ways[1..] } : LiveAnswers;
        return liveAnswers ? [.. Only(name), live] : Only(name);
    }

    private static IList<Hook> Only(string name)
    {
        (string Timer, string Options)? ways = name switch
        {
            "auto" => null,
            "fentry" => ("fentry", "fentry"),
            "tp-btf" => ("tp_btf", "tracepoint"),
            "raw-tp" => ("raw_tp", "tracepoint"),
            "kprobe" => ("kprobe", "kprobe"),
            "cgroup" => ("tp_btf", "cgroup"),
            _ => throw new ArgumentException($"no backend '{name}'", nameof(name)),
        };
        if (ways is null)
            return All;

        Hook timer = All[0] with { Ways = Array.FindAll(All[0].Ways, way => way.Name == ways.Value.Timer) };
        Hook options = All[1] with { Ways = Array.FindAll(All[1].Ways, way => way.Name.Split(' ')[0] == ways.Value.Options) };
        return [timer, options, .. All.Skip(2)];
    }
}

/// <summary>One way to see it: programs that are loaded and attached together. Without any, it does without.</summary>
internal sealed record Backend(string Name, params HookProgram[] Programs)
{
    /// <summary>struct katrace_config.has_cookie_helper</summary>
    public bool HasCookieHelper { get; init; } = true;
}

/// <param name="Name">Of the program in the object.</param>
/// <param name="Category">Of its tracepoint; null if its section name says what it attaches to.</param>
/// <param name="Tracepoint">Name of its tracepoint.</param>
internal sealed record HookProgram(string Name, string? Category = null, string? Tracepoint = null)
{
    /// <summary>Run by user space, not attached to anything that happens.</summary>
    public bool IsCalled { get; init; }

    /// <summary>Of a cgroup type, for all the host.</summary>
    public bool OnRootCgroup { get; init; }

    /// <summary>Attached at the start only to see that it can be, and again while it is needed.</summary>
    public bool IsOnDemand { get; init; }

    public BpfLink? Attach(BpfObject bpf, Tracefs tracefs)
    {
        if (IsCalled)
            return null;
        if (OnRootCgroup)
            return bpf.Program(Name).AttachRootCgroup();
        return Category is null || Tracepoint is null
            ? bpf.Program(Name).Attach()
            : bpf.Program(Name).AttachTracepoint(tracefs, Category, Tracepoint);
    }
}
