using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Google.Protobuf;
using KaTrace.V1;
using Process = System.Diagnostics.Process;

namespace KaTrace.KernelTests.Cli;

/// <summary>The built command as users run it: its own process, with pipes for what it writes. Killed with the test.</summary>
internal sealed partial class KatraceProcess : IDisposable
{
    public const int SIGHUP = 1;
    public const int SIGINT = 2;
    public const int SIGKILL = 9;
    public const int SIGTERM = 15;
    public const int SIGCONT = 18;
    public const int SIGSTOP = 19;

    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(false));

    private readonly Process _process;
    private readonly List<Event> _events = [];

    private KatraceProcess(string command, IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove("NO_COLOR");
        _process = Process.Start(start)!;
        Output = new Lines(_process.StandardOutput, "katrace's stdout");
        Errors = new Lines(_process.StandardError, "katrace's stderr");
    }

    /// <summary>The executable, which the project reference puts next to this assembly.</summary>
    public static string Executable { get; } = Path.Combine(AppContext.BaseDirectory, "katrace");

    public int Pid => _process.Id;

    public Lines Output { get; }

    public Lines Errors { get; }

    public static KatraceProcess Start(params string[] arguments) => new(Executable, arguments);

    /// <summary>Starts another program, which runs katrace.</summary>
    public static KatraceProcess StartBy(string command, params string[] arguments) => new(command, arguments);

    /// <summary>Without a capability, as any user has it.</summary>
    public static KatraceProcess StartUnprivileged(params string[] arguments) => Environment.IsPrivilegedProcess
        ? new("setpriv", ["--bounding-set=-all", "--inh-caps=-all", Executable, .. arguments])
        : Start(arguments);

    /// <summary><c>katrace stream</c>, which sees every event from when this returns.</summary>
    public static KatraceProcess Stream(params string[] arguments)
    {
        KernelAccess.Require();
        return Start(["stream", .. arguments]).Live();
    }

    public KatraceProcess Live()
    {
        Errors.WaitForLine(line => line.StartsWith("katrace: tracing live", StringComparison.Ordinal));
        return this;
    }

    public Event WaitForEvent(Func<Event, bool> fits, TimeSpan? deadline = null) => WaitForEvents(1, fits, deadline)[0];

    /// <summary>Waits for so many JSON lines that fit, and returns all that do.</summary>
    public Event[] WaitForEvents(int count, Func<Event, bool> fits, TimeSpan? deadline = null)
    {
        List<Event> found = [];
        int seen = 0;
        Output.WaitUntil(lines =>
        {
            Parse(lines);
            for (; seen < _events.Count; seen++)
            {
                if (fits(_events[seen]))
                    found.Add(_events[seen]);
            }

            return found.Count >= count;
        }, deadline);
        return [.. found];
    }

    /// <summary>All events of a process that has ended.</summary>
    public Event[] AllEvents()
    {
        Parse(Output.All());
        return [.. _events];
    }

    public void Signal(int signal)
    {
        if (kill(Pid, signal) != 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    public int Interrupt()
    {
        Signal(SIGINT);
        return WaitForExit();
    }

    public int WaitForExit(TimeSpan? deadline = null)
    {
        TimeSpan limit = deadline ?? Lines.Deadline;
        return _process.WaitForExit(limit)
            ? _process.ExitCode
            : throw new TimeoutException($"katrace still runs after {limit.TotalSeconds} s; stderr:\n{string.Join('\n', Errors.SoFar())}");
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }

    private void Parse(IReadOnlyList<string> lines)
    {
        for (int i = _events.Count; i < lines.Count; i++)
            _events.Add(Parser.Parse<Event>(lines[i]));
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int signal);
}
