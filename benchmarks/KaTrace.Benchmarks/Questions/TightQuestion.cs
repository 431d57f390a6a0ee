using System.Globalization;
using System.Text.RegularExpressions;
using KaTrace.Benchmarks.Measuring;

namespace KaTrace.Benchmarks.Questions;

/// <summary>How fast a program can turn keepalive on and off while a tool writes a line of each call into a file, and whether
/// every call is in it.</summary>
internal sealed partial class TightQuestion : IQuestion
{
    private const int Rounds = 5;
    private const string Bpftrace =
        """
        tracepoint:syscalls:sys_enter_setsockopt { printf("%lld %s %d %d %d %d\n", nsecs, comm, pid, args->fd, args->level, args->optname); }
        """;

    private readonly Sample _untraced = new();
    private readonly Sample _ours = new();
    private readonly Sample _bpftrace = new();
    private long _oursMissing;
    private long _bpftraceMissing;

    public string Name => "tight";

    public IEnumerable<Row> Ask(bool quick)
    {
        int milliseconds = quick ? 200 : 2000;
        for (int round = 0; round < (quick ? 1 : Rounds); round++)
        {
            OtherTracers.WaitUntilGone();
            Call(milliseconds, _untraced);
            OtherTracers.Look(expected: 0);
            InNewFile(file => UnderKatrace(file, milliseconds));
            if (Command.HasBpftrace)
                InNewFile(file => UnderBpftrace(file, milliseconds));
        }

        string how = Machine.NativeCommand is null ? "Release" : "native";
        yield return new Row("tight, calls/s untraced", _untraced.Text("N0"), "");
        yield return Command.HasBpftrace
            ? new Row($"tight, calls/s under stream -o json ({how}): bpftrace", _ours.Text("N0"), _bpftrace.Text("N0"),
                _ours.Median / _bpftrace.Median, Target.AtLeast(5))
            : new Row($"tight, calls/s under stream -o json ({how})", _ours.Text("N0"), "bpftrace is not installed");
        yield return new Row("tight, calls without a line, all rounds", $"{_oursMissing:N0}", Command.HasBpftrace ? $"{_bpftraceMissing:N0}" : "");
    }

    private static long Call(int milliseconds, Sample rate)
    {
        ulong[] answer = Peer.Run(0, "tight_caller", milliseconds);
        rate.Add(answer[0] * 1e9 / answer[1]);
        return (long)answer[0];
    }

    private void UnderKatrace(string file, int milliseconds)
    {
        using Command katrace = Command.Katrace(Machine.NativeCommand ?? Machine.ManagedCommand, file);
        katrace.WaitLine(line => line.Contains("tracing live", StringComparison.Ordinal));
        long calls = Call(milliseconds, _ours);
        OtherTracers.Look(expected: 1);
        Command.Ended ended = katrace.Stop();
        if (ended.ExitCode != 0)
            throw new BenchmarkException($"katrace ended with {ended.ExitCode}");
        long lost = Numbers(LostEvents(), ended.Lines.TakeLast(1));
        long shown = LinesWith(file, "\"comm\":\"tight_caller\"");
        // Others on this host may have lost events too: what is lost is told by place, not by process.
        if (shown > calls || shown + lost < calls)
            throw new BenchmarkException($"{calls} calls are {shown} lines, and {lost} are said to be lost");
        _oursMissing += calls - shown;
    }

    private void UnderBpftrace(string file, int milliseconds)
    {
        int before = OtherTracers.Programs();
        using Command bpftrace = Command.Bpftrace(Bpftrace, file);
        // What it prints goes into the file, and only when a buffer is full: nothing says when it is attached, but that its program is
        // there, nor when it has read all. An interrupt that comes too early it takes for none.
        if (!SpinWait.SpinUntil(() => OtherTracers.Programs() > before, TimeSpan.FromMinutes(1)))
            throw new BenchmarkException("bpftrace loads no program");
        Thread.Sleep(TimeSpan.FromSeconds(2));
        long calls = Call(milliseconds, _bpftrace);
        OtherTracers.Look(expected: 0);
        Thread.Sleep(TimeSpan.FromSeconds(1));
        bpftrace.Stop();
        long shown = LinesWith(file, " tight_caller ");
        if (shown < calls / 2)
            throw new BenchmarkException($"{calls} calls are {shown} lines of bpftrace: it was not attached for all of them");
        _bpftraceMissing += calls - shown;
    }

    private static void InNewFile(Action<string> use)
    {
        string file = Path.GetTempFileName();
        try
        {
            use(file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static long LinesWith(string file, string text) =>
        File.ReadLines(file).LongCount(line => line.Contains(text, StringComparison.Ordinal));

    private static long Numbers(Regex pattern, IEnumerable<string> lines) =>
        lines.SelectMany(line => pattern.Matches(line)).Sum(m => long.Parse(m.Groups[1].Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture));

    [GeneratedRegex(@"lost ([\d,]+) event")]
    private static partial Regex LostEvents();
}
