using KaTrace.Benchmarks.Measuring;

namespace KaTrace.Benchmarks.Questions;

/// <summary>From the start of the process to the line that says that tracing is live.</summary>
internal sealed class StartupQuestion : IQuestion
{
    private const int Rounds = 5;
    private const string Bpftrace =
        """BEGIN { printf("live\n"); } tracepoint:syscalls:sys_enter_setsockopt { printf("%s %d\n", comm, args->fd); }""";

    public string Name => "startup";

    public IEnumerable<Row> Ask(bool quick)
    {
        Sample native = new(), managed = new(), bpftrace = new();
        for (int round = 0; round < (quick ? 1 : Rounds); round++)
        {
            if (Machine.NativeCommand is { } path)
                Start(() => Command.Katrace(path, "/dev/null"), "tracing live", native);
            Start(() => Command.Katrace(Machine.ManagedCommand, "/dev/null"), "tracing live", managed);
            if (Command.HasBpftrace)
                Start(() => Command.BpftraceToUs(Bpftrace), "live", bpftrace);
        }

        yield return Compare("startup, ms, native: bpftrace", Machine.NativeCommand is null ? null : native, "not published", bpftrace, Target.AtLeast(5));
        yield return Compare("startup, ms, Release build: bpftrace", managed, "", bpftrace, target: null);
    }

    private static Row Compare(string question, Sample? ours, string whyNot, Sample bpftrace, Target? target)
    {
        string peer = Command.HasBpftrace ? bpftrace.Text("0") : "bpftrace is not installed";
        if (ours is null)
            return new Row(question, whyNot, peer);
        return Command.HasBpftrace
            ? new Row(question, ours.Text("0"), peer, bpftrace.Median / ours.Median, target)
            : new Row(question, ours.Text("0"), peer);
    }

    private static void Start(Func<Command> start, string live, Sample milliseconds)
    {
        using Command command = start();
        milliseconds.Add(command.WaitLine(line => line.Contains(live, StringComparison.Ordinal)).TotalMilliseconds);
        command.Stop();
    }
}
