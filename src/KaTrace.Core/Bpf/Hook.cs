namespace KaTrace.Bpf;

/// <summary>One thing to see, and the ways to see it, best first. Which one a kernel offers is found by trying, not by its
/// version: features are backported, locked down and compiled out.</summary>
/// <param name="Name">What is seen, for messages.</param>
/// <param name="Ways">In order of preference.</param>
internal sealed record Hook(string Name, params Backend[] Ways)
{
    /// <summary>Everything that makes events, and who owns a socket.</summary>
    public static IList<Hook> All { get; } =
    [
        new("keepalive timer",
            new Backend("tp_btf", new("timer_enter"), new("timer_exit"))),
        new("socket options",
            new Backend("tracepoint",
                new("setsockopt_enter", "syscalls", "sys_enter_setsockopt"),
                new("setsockopt_exit", "syscalls", "sys_exit_setsockopt"))),
        new("socket states",
            new Backend("tp_btf", new("state"), new("destroy")),
            new Backend("tp_btf without cookies", new("state"), new("destroy")) { HasCookieHelper = false }),
        new("accepted sockets",
            new Backend("tracepoint",
                new("accept_exit", "syscalls", "sys_exit_accept"),
                new("accept4_exit", "syscalls", "sys_exit_accept4"))),
    ];
}

/// <summary>One way to see it: programs that are loaded and attached together.</summary>
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
    public BpfLink Attach(BpfObject bpf, Tracefs tracefs) => Category is null || Tracepoint is null
        ? bpf.Program(Name).Attach()
        : bpf.Program(Name).AttachTracepoint(tracefs, Category, Tracepoint);
}
