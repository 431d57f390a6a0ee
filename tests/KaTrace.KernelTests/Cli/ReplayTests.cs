using System.Diagnostics;
using KaTrace.V1;

namespace KaTrace.KernelTests.Cli;

/// <summary><c>katrace replay</c>, <c>inspect</c> and <c>export</c>, as a user without privilege runs them on captures from elsewhere.</summary>
public sealed class ReplayTests
{
    private static readonly string Demo = Path.Combine(AppContext.BaseDirectory, "Captures", "demo.katrace");
    private static readonly string Lossy = Path.Combine(AppContext.BaseDirectory, "Captures", "lossy.katrace");
    private static readonly string[] DemoLines = File.ReadAllLines(Path.ChangeExtension(Demo, "jsonl"));

    [Fact]
    public void A_capture_is_shown_as_it_was_seen()
    {
        (int exitCode, string[] output, string[] errors) = Run("replay", "-o", "json", Demo);

        Assert.Equal(0, exitCode);
        Assert.Equal(DemoLines, output);
        Assert.Equal("katrace: 96 events shown, none lost; 100 % of 12 probes seen, by the kernel's own count; recorded on node-1", Assert.Single(errors));
    }

    [Fact]
    public void A_capture_may_come_by_standard_input()
    {
        (int exitCode, string[] output, _) = RunBy("bash", "-c", "cat \"$1\" | \"$0\" replay -o json -", KatraceProcess.Executable, Demo);

        Assert.Equal(0, exitCode);
        Assert.Equal(DemoLines, output);
    }

    [Fact]
    public void Whoever_has_read_enough_ends_it_as_a_success()
    {
        (int exitCode, string[] output, _) = RunBy("bash", "-o", "pipefail", "-c", "\"$0\" replay -o json \"$1\" \"$1\" \"$1\" \"$1\" | head -1", KatraceProcess.Executable, Demo);

        Assert.Equal(0, exitCode);
        Assert.Single(output);
    }

    [Fact]
    public void Filters_are_those_of_stream()
    {
        (_, string[] output, string[] errors) = Run("replay", "-o", "json", "--kind", "probe,timeout", "--not", "--kind", "probe", Demo);

        Assert.Equal(Event.Types.Kind.Timeout, Event.Parser.ParseJson(Assert.Single(output)).Kind);
        Assert.StartsWith("katrace: 1 events shown, 95 hidden by filters, none lost", errors[0], StringComparison.Ordinal);
    }

    [Fact]
    public void The_original_timing_can_be_honoured()
    {
        Stopwatch watch = Stopwatch.StartNew();
        (_, string[] output, _) = Run("replay", "--speed", "10x", "-o", "json", Demo);

        Assert.Equal(DemoLines, output);
        Assert.True(watch.Elapsed > TimeSpan.FromSeconds(0.9), $"nine seconds were shown within {watch.Elapsed}");
    }

    [Fact]
    public void A_file_that_was_cut_is_shown_to_its_last_whole_block_with_a_warning()
    {
        (int exitCode, string[] output, string[] errors) = RunBy("bash", "-c", "head -c 20000 \"$1\" | \"$0\" replay -o json -", KatraceProcess.Executable, Demo);

        Assert.Equal(0, exitCode);
        Assert.Equal(DemoLines[..output.Length], output);
        Assert.InRange(output.Length, 50, 95);
        Assert.Matches("^katrace: standard input was cut short: it has no end behind byte [0-9,]+, and [0-9,]+ bytes of a block that is not whole[.] ", errors[^1]);
    }

    [Fact]
    public void Damage_is_a_failure_that_names_its_place_and_what_lies_before_is_shown()
    {
        (int exitCode, string[] output, string[] errors) = RunBy("bash", "-c", "(head -c 20000 \"$1\"; echo -n damage; tail -c +20007 \"$1\") | \"$0\" replay -o json -", KatraceProcess.Executable, Demo);

        Assert.Equal(1, exitCode);
        Assert.Equal(DemoLines[..output.Length], output);
        Assert.InRange(output.Length, 50, 95);
        Assert.Matches("^katrace: standard input is damaged in the block at byte [0-9]+: its checksum does not fit; what lies before it was read$", Assert.Single(errors));
    }

    [Fact]
    public void Inspect_says_what_a_capture_holds_and_that_it_is_whole()
    {
        (int exitCode, string[] output, _) = Run("inspect", Lossy);

        Assert.Equal(0, exitCode);
        Assert.Contains("host               node-1, Linux 6.18.44-fc-v669, x86_64, 250 jiffies a second, boot 3f0c8d5e-6b0a-4c55-9d3e-2f1a7c9b8e40", output);
        Assert.Contains("  ENABLED          37", output);
        Assert.Contains("lost               135 events (kernel ring full)", output);
        Assert.Equal("integrity          whole: all checksums fit", output[^1]);
    }

    [Fact]
    public void Exported_CSV_has_a_row_of_names_and_one_for_each_event()
    {
        (_, string[] output, _) = Run("export", "--format", "csv", Lossy, Demo);

        Assert.Equal(1 + 75 + 96, output.Length);
        Assert.StartsWith("time,node,sequence,kind,", output[0], StringComparison.Ordinal);
        Assert.Single(output, line => line.Contains(",KERNEL_RING,135,", StringComparison.Ordinal));
    }

    [Fact]
    public void Exported_protobuf_is_the_events_each_behind_its_length()
    {
        string file = Path.GetTempFileName();
        (int exitCode, _, _) = RunBy("bash", "-c", "\"$0\" export --format protobuf \"$1\" > \"$2\"", KatraceProcess.Executable, Demo, file);
        using FileStream messages = File.OpenRead(file);
        List<Event> events = [];
        while (messages.Position < messages.Length)
            events.Add(Event.Parser.ParseDelimitedFrom(messages));
        File.Delete(file);

        Assert.Equal(0, exitCode);
        Assert.Equal(DemoLines.Select(Event.Parser.ParseJson), events);
    }

    [Theory]
    [InlineData("replay /nowhere/a.katrace", 1, "katrace: cannot open /nowhere/a.katrace: there is no such directory")]
    [InlineData("replay /etc/hostname", 1, "katrace: /etc/hostname is no capture that can be read: it does not begin as a .katrace file does")]
    [InlineData("replay /etc", 1, "katrace: cannot open /etc: it is a directory")]
    [InlineData("replay --sped 1x", 2, "katrace: there is no option '--sped'")]
    [InlineData("inspect --all a.katrace", 2, "katrace: there is no option '--all'")]
    [InlineData("list --replay", 2, "katrace: Required argument missing for option: '--replay'.")]
    [InlineData("audit --replay -", 2, "katrace: --replay: captures are read twice, and so cannot come by standard input; write it to a file first")]
    [InlineData("replay", 2, "katrace: Required argument 'FILE' missing for command: 'replay'.")]
    [InlineData("replay a.katrace --speed fast", 2, "katrace: --speed: bad speed 'fast': write it like 1x, 10x, 0.5x or max")]
    [InlineData("replay a.katrace --from noon", 2, "katrace: --from: bad time 'noon': write it like 2026-08-21T10:46:34Z, with a zone, or like 1m30s after the capture began")]
    [InlineData("record --duration 1s", 2, "katrace: Option '--output' is required.")]
    [InlineData("record -o a.katrace --keep 3", 2, "katrace: --keep: there is nothing to keep without --rotate-size or --rotate-time")]
    [InlineData("record -o - --print json", 2, "katrace: --output: with - the file is standard output, so that it can neither rotate nor be printed to")]
    [InlineData("record -o a.katrace --max-size much", 2, "katrace: --max-size: bad size 'much': it is a number of bytes, such as 100000, 64K, 8M or 2G")]
    public void What_is_wrong_is_said_in_one_line(string commandLine, int exitCode, string line)
    {
        (int actual, string[] output, string[] errors) = Run(commandLine.Split(' '));

        Assert.Equal(exitCode, actual);
        Assert.Empty(output);
        Assert.Equal(line, errors[0]);
    }

    [Fact]
    public void A_pipe_cannot_be_searched_for_sockets()
    {
        (int exitCode, string[] output, string[] errors) = RunBy("bash", "-c", "\"$0\" list --replay <(cat \"$1\")", KatraceProcess.Executable, Demo);

        Assert.Equal((1, 0), (exitCode, output.Length));
        Assert.Matches("^katrace: /dev/fd/[0-9]+ is a pipe, and captures are read twice for that: write it to a file first$", Assert.Single(errors));
    }

    [Fact]
    public void Inspect_goes_on_with_the_next_file()
    {
        (int exitCode, string[] output, string[] errors) = Run("inspect", "/nowhere/a.katrace", Demo);

        Assert.Equal(1, exitCode);
        Assert.Contains("integrity          whole: all checksums fit", output);
        Assert.Equal(["katrace: cannot open /nowhere/a.katrace: there is no such directory"], errors);
    }

    private static (int ExitCode, string[] Output, string[] Errors) Run(params string[] arguments)
    {
        using KatraceProcess katrace = KatraceProcess.StartUnprivileged(arguments);
        return End(katrace);
    }

    private static (int ExitCode, string[] Output, string[] Errors) RunBy(string command, params string[] arguments)
    {
        using KatraceProcess katrace = KatraceProcess.StartBy(command, arguments);
        return End(katrace);
    }

    private static (int ExitCode, string[] Output, string[] Errors) End(KatraceProcess katrace)
    {
        string[] output = katrace.Output.All();
        return (katrace.WaitForExit(), output, katrace.Errors.All());
    }
}
