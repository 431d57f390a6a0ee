using System.Globalization;
using System.Text.RegularExpressions;
using KaTrace.Events;
using KaTrace.Interop;
using KaTrace.KernelTests.Net;
using KaTrace.KernelTests.Stream;
using KaTrace.V1;

namespace KaTrace.KernelTests.Cli;

/// <summary>The filter flags, from command line to lines: of what two processes do in two network namespaces, exactly what the
/// flags say is shown. What there was to show, the tests' own tracer knows.</summary>
public sealed partial class FilterTests : IDisposable
{
    private const string Connect = """
        listener = create_server(('127.0.0.1', 0))
        client = create_connection(listener.getsockname())
        server = listener.accept()[0]
        """;

    private const string UseKeepalive = """
        for s in (client, server):
            s.setsockopt(IPPROTO_TCP, TCP_KEEPIDLE, 900)
            s.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)
            s.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 0)
            s.setsockopt(IPPROTO_TCP, TCP_KEEPIDLE, 800)
        """;

    private readonly TracedEvents _traced;
    private readonly NetworkNamespace _namespace = new();
    private readonly ControlGroup _group = new();
    private readonly PythonProcess _here = new();
    private readonly PythonProcess _there;
    private readonly HashSet<ulong> _inodes;

    public FilterTests(TracedEvents traced)
    {
        _traced = traced;
        _there = new PythonProcess(_namespace.Name);
        _there.Do("open('/proc/self/comm', 'w').write('ka-there')");
        _group.Add(_there.Pid);
        foreach (PythonProcess python in (PythonProcess[])[_here, _there])
            python.Do(Connect);
        _inodes = [_here.Inode("client"), _here.Inode("server"), _there.Inode("client"), _there.Inode("server")];
    }

    [Fact]
    public void Without_a_filter_all_is_shown() => AssertShown([], e => true);

    [Fact]
    public void Local_port_is_this_side_of_a_connection()
    {
        ushort port = _here.LocalPort("listener");
        AssertShown(["--local-port", $"{port}"], e => e.Lport == port);
    }

    [Fact]
    public void Port_is_either_side()
    {
        ushort port = _here.LocalPort("listener");
        AssertShown(["--port", $"{port}"], e => e.Lport == port || e.Rport == port);
    }

    [Fact]
    public void Netns_is_the_namespace_of_the_socket() =>
        AssertShown(["--netns", _namespace.Name], e => e.Netns == _namespace.Inode);

    [Fact]
    public void Cgroup_is_the_one_that_the_socket_was_made_in() =>
        AssertShown(["--cgroup", _group.Name], e => e.Tgid == _there.Pid);

    [Fact]
    public void Pid_is_the_owner() => AssertShown(["--pid", $"{_here.Pid}"], e => e.Tgid == _here.Pid);

    [Fact]
    public void Comm_is_the_name_of_the_owner() => AssertShown(["--comm", "ka-*"], e => e.Tgid == _there.Pid);

    [Fact]
    public void Not_hides_what_the_flag_behind_it_would_show() => AssertShown(
        ["--not", "--kind", "enabled,armed"], e => e.Kind is not (EventKind.Enabled or EventKind.Armed));

    [Fact]
    public void Different_flags_must_all_fit() => AssertShown(
        ["--kind", "disabled", "--kind", "configured", "--pid", $"{_here.Pid}", "--not", "--local-port", $"{_here.LocalPort("client")}"],
        e => e.Kind is EventKind.Disabled or EventKind.Configured && e.Tgid == _here.Pid && e.Lport == _here.LocalPort("listener"));

    [Fact]
    public void An_answer_is_told_at_once_where_nothing_but_answers_is_shown()
    {
        using KatraceProcess katrace = KatraceProcess.Stream("-o", "json", "--kind", "answered");
        using Pair pair = Pair.Probing(count: 3, interval: 10);

        EventRecord probe = _traced.WaitForOne(e => pair.Left.Has(e) && e.Kind == EventKind.Probe);
        Event answer = katrace.WaitForEvent(e => e.Socket?.Netns == pair.Left.Inode, _traced.LooksForAnswers ? TimeSpan.FromSeconds(4) : null);
        Assert.Equal((Event.Types.Kind.Answered, probe.Cookie), (answer.Kind, answer.Socket.Cookie));
        Assert.Equal(_traced.LooksForAnswers ? Event.Types.Source.Poll : Event.Types.Source.Timer, answer.Source);
        Assert.Equal(0, katrace.Interrupt());
        Assert.All(katrace.AllEvents(), e => Assert.Equal(Event.Types.Kind.Answered, e.Kind));
    }

    [Fact]
    public void What_the_kernel_decides_is_said_if_asked_and_what_it_hid_is_counted()
    {
        using KatraceProcess katrace = KatraceProcess.Stream("-v", "--kind", "disabled", "--comm", "nobody", "--not", "--port", "1");
        katrace.Errors.WaitForLine(line => line == "katrace: of the filters, the kernel decides { \"allowList\": [ { \"kind\": [ \"DISABLED\" ] } ], \"denyList\": [ { \"port\": [ 1 ] } ] }");
        ulong live = (ulong)Libc.ReadClock(Libc.CLOCK_MONOTONIC);
        _here.Do(UseKeepalive);
        int hidden = _traced.WaitFor(2 * 5, e => e.TimeNs > live && _inodes.Contains(e.Ino)).Length;

        Assert.Equal(0, katrace.Interrupt());
        Match summary = Hidden().Match(katrace.Errors.All()[^1]);
        Assert.True(summary.Success, katrace.Errors.All()[^1]);
        Assert.InRange(int.Parse(summary.Groups[1].Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture), hidden, int.MaxValue);
    }

    [GeneratedRegex("^katrace: 0 events shown, ([0-9,]+) hidden by filters, none lost")]
    private static partial Regex Hidden();

    public void Dispose()
    {
        _here.Dispose();
        _there.Dispose();
        _group.Dispose();
        _namespace.Dispose();
    }

    private void AssertShown(string[] filters, Func<EventRecord, bool> shown)
    {
        using KatraceProcess katrace = KatraceProcess.Stream(["-o", "json", .. filters]);
        ulong live = (ulong)Libc.ReadClock(Libc.CLOCK_MONOTONIC);
        // Each twice, so that also before the last event to be shown there are some that are not.
        foreach (PythonProcess python in (PythonProcess[])[_there, _here, _there, _here])
            python.Do(UseKeepalive);

        EventRecord[] made = _traced.WaitFor(4 * 2 * 5, e => e.TimeNs > live && _inodes.Contains(e.Ino));
        (ulong, string)[] expected = [.. made.Where(shown).Select(e => (e.Ino, $"{e.Kind}"))];
        Assert.NotEmpty(expected);
        katrace.WaitForEvents(expected.Length, e => _inodes.Contains(e.Socket?.Inode ?? 0));

        Assert.Equal(0, katrace.Interrupt());
        Event[] lines = [.. katrace.AllEvents().Where(e => _inodes.Contains(e.Socket?.Inode ?? 0))];
        Assert.Equal(expected, lines.Select(e => (e.Socket.Inode, $"{e.Kind}")));
    }
}
