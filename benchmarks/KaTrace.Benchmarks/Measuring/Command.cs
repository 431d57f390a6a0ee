using System.Diagnostics;
using KaTrace.Benchmarks.Interop;

namespace KaTrace.Benchmarks.Measuring;

/// <summary>A tool as a user runs it: it says on one of its outputs when it is live, and ends on SIGINT.</summary>
internal sealed class Command : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);

    private readonly Process _process;
    private readonly string _name;
    private readonly StreamReader _lines;
    private readonly long _started = Stopwatch.GetTimestamp();

    private Command(string name, ProcessStartInfo start, bool speaksOnError)
    {
        _name = name;
        start.RedirectStandardOutput = !speaksOnError;
        start.RedirectStandardError = speaksOnError;
        _process = Process.Start(start)!;
        _lines = speaksOnError ? _process.StandardError : _process.StandardOutput;
    }

    /// <summary>Whether bpftrace is installed.</summary>
    public static bool HasBpftrace { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(d => File.Exists($"{d}/bpftrace"));

    /// <summary><c>katrace stream</c> with its events in a file.</summary>
    public static Command Katrace(string path, string output) =>
        new("katrace", new("sh", ["-c", "exec \"$0\" stream -o json > \"$1\"", path, output]), speaksOnError: true);

    /// <summary>bpftrace with what it prints in a file. It needs tracefs: mounted for it alone, in a mount namespace.</summary>
    public static Command Bpftrace(string program, string output) =>
        new("bpftrace", InMountNamespace("exec bpftrace -B full -o \"$1\" -e \"$0\" 2>&1", program, output), speaksOnError: false);

    /// <summary>bpftrace with what it prints on its standard output.</summary>
    public static Command BpftraceToUs(string program) =>
        new("bpftrace", InMountNamespace("exec bpftrace -B line -e \"$0\"", program), speaksOnError: false);

    /// <summary>From the start of the process to this line.</summary>
    public TimeSpan WaitLine(Func<string, bool> isIt)
    {
        while (true)
        {
            string line = ReadLine() ?? throw new BenchmarkException($"{_name} ended, and was never live");
            if (isIt(line))
                return Stopwatch.GetElapsedTime(_started);
        }
    }

    /// <summary>Sends SIGINT, waits until it is gone, and gives what it said since.</summary>
    public Ended Stop()
    {
        _ = Native.kill(_process.Id, Native.SIGINT);
        List<string> lines = [];
        while (ReadLine() is { } line)
            lines.Add(line);
        if (!_process.WaitForExit(Deadline))
            throw new BenchmarkException($"{_name} does not end");
        return new Ended(lines, _process.ExitCode);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    private string? ReadLine()
    {
        Task<string?> line = _lines.ReadLineAsync();
        return line.Wait(Deadline) ? line.Result : throw new BenchmarkException($"{_name} says nothing");
    }

    private static ProcessStartInfo InMountNamespace(string command, params IEnumerable<string> arguments) =>
        new("unshare", ["-m", "sh", "-c", $"mountpoint -q /sys/kernel/tracing || mount -t tracefs tracefs /sys/kernel/tracing; {command}", .. arguments]);

    internal readonly record struct Ended(IReadOnlyList<string> Lines, int ExitCode);
}
