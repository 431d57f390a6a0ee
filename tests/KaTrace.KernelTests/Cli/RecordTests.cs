using System.Globalization;
using KaTrace.Captures;
using KaTrace.Events;
using KaTrace.KernelTests.Net;
using KaTrace.V1;

namespace KaTrace.KernelTests.Cli;

/// <summary><c>katrace record</c>, under load and under trouble; and <c>katrace replay</c> of what it has written.</summary>
[Collection(nameof(RecordTests))]
[CollectionDefinition(nameof(RecordTests), DisableParallelization = true)]
public sealed class RecordTests : IDisposable
{
    private const string Toggles = """
        s = socket(); on = 0
        def toggle(times):
            global on
            for i in range(times):
                on = 1 - on
                s.setsockopt(SOL_SOCKET, SO_KEEPALIVE, on)
        """;

    /// <summary>Some 20,000 a second, while it is asked for: the other tests keep all events of the host.</summary>
    private const string Load = """
        import threading, time
        def load():
            while loaded:
                toggle(200)
                time.sleep(0.01)
        """;

    /// <summary>KATRACE_TEST_KILLS=100 is the long run.</summary>
    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("KATRACE_TEST_KILLS") ?? "5", CultureInfo.InvariantCulture);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("katrace-test-");

    [Theory]
    [InlineData]
    [InlineData("--compress")]
    public void A_replay_shows_the_lines_that_were_printed_live(params string[] options)
    {
        string file = NewFile();
        using PythonProcess python = new();
        python.Do(Toggles);
        using KatraceProcess record = Record(file, ["--demo", "--print", "json", .. options]);
        python.Do("toggle(3000)");
        record.Output.WaitUntil(lines => lines.Count(line => line.Contains("\"kind\":\"ANSWERED\"", StringComparison.Ordinal)) >= 2);
        Assert.Equal(0, record.Interrupt());

        Assert.Equal(record.Output.All(), Replay(file));
    }

    [Fact]
    public void Filters_hide_from_a_capture_what_they_hide_from_a_stream()
    {
        string file = NewFile();
        using PythonProcess python = new();
        python.Do(Toggles);
        using KatraceProcess record = Record(file, ["--pid", $"{python.Pid}", "--kind", "enabled", "--not", "--comm", "redis*"]);
        python.Do("toggle(10)");
        Assert.Equal(0, record.Interrupt());

        Event[] events = [.. Replay(file).Select(Event.Parser.ParseJson)];
        Assert.Equal(5, events.Length);
        Assert.All(events, e => Assert.Equal(((uint)python.Pid, Event.Types.Kind.Enabled), (e.Process.Pid, e.Kind)));
    }

    [Fact]
    public void After_kill_9_at_a_random_moment_no_event_before_the_last_whole_block_is_missing()
    {
        Random random = new();
        using PythonProcess python = new();
        python.Do(Toggles);
        python.Do(Load);
        for (int i = 0; i < Kills; i++)
        {
            string file = NewFile();
            long length = random.Next(2_000_000);
            // What the ring loses is told a second later, and so perhaps not at all: it is large enough here. Looks at all sockets
            // make events of katrace's own, which have numbers too.
            using KatraceProcess record = Record(file, ["--self", "--ring-size", "128M", .. i % 2 == 0 ? [] : (string[])["--compress"]]);
            python.Do("loaded = True; threading.Thread(target=load, daemon=True).start()");
            Until.True(() => new FileInfo(file).Length >= length / (i % 2 == 0 ? 1 : 40), "a file grows under load");
            Thread.SpinWait(random.Next(100_000));
            record.Signal(KatraceProcess.SIGKILL);
            record.WaitForExit();
            python.Do("loaded = False");

            using Capture capture = Capture.Open(file);
            Counted counted = Counted.Of(capture);
            Assert.Null(capture.End);
            Assert.True(counted.Missing <= counted.Lost, $"{counted.Missing} numbers are missing, and {counted.Lost} events were lost");
            Assert.True(counted.Events > 0 || length < 500_000, $"{counted.Events} events in {new FileInfo(file).Length} bytes");
        }
    }

    [Fact]
    public void A_full_disk_ends_the_recording_with_one_clear_line_and_a_whole_file()
    {
        string disk = _directory.CreateSubdirectory("disk").FullName;
        Shell.Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk);
        try
        {
            string file = Path.Combine(disk, "a.katrace");
            using PythonProcess python = new();
            python.Do(Toggles);
            using KatraceProcess record = Record(file, ["--self"]);
            python.Do("toggle(20000)");

            Assert.Equal(1, record.WaitForExit());
            Assert.Equal($"katrace: cannot write {file}: no space left on the device; what is in it can be read", record.Errors.All()[^1]);
            using Capture capture = Capture.Open(file);
            Counted counted = Counted.Of(capture);
            Assert.NotNull(capture.End);
            Assert.True(counted.Missing <= counted.Lost, $"{counted.Missing} numbers are missing, and {counted.Lost} events were lost");
            Assert.InRange(counted.Events, 3000ul, 5000ul);
        }
        finally
        {
            Shell.Run("umount", disk);
        }
    }

    [Fact]
    public void What_cannot_be_written_in_time_is_counted_in_the_file()
    {
        string pipe = NewFile();
        Shell.Run("mkfifo", pipe);
        using PythonProcess python = new();
        python.Do(Toggles);
        using KatraceProcess record = KatraceProcess.StartBy("bash", "-c", "exec \"$0\" record -o - --pid \"$2\" --ring-size 64M > \"$1\"", KatraceProcess.Executable, pipe, $"{python.Pid}");
        using FileStream reader = new(pipe, FileMode.Open, FileAccess.Read);
        record.Live();

        // Nobody reads: the pipe fills, then all blocks.
        python.Do("toggle(60000)");
        record.Signal(KatraceProcess.SIGINT);
        using Capture capture = Capture.Read(reader, pipe);
        Counted counted = Counted.Of(capture);

        Assert.Equal(0, record.WaitForExit());
        Assert.InRange(counted.LostByRecorder, 1000ul, 60_000ul);
        Assert.Equal(60_000ul, counted.Events + counted.Lost);
        Assert.Contains("(file written too slowly)", record.Errors.All()[^2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/nowhere/a.katrace", "there is no such directory")]
    [InlineData("/sys/a.katrace", "permission denied")]
    public void A_file_that_cannot_be_made_is_named_with_the_reason(string file, string reason)
    {
        KernelAccess.Require();
        using KatraceProcess record = KatraceProcess.Start("record", "-o", file);

        Assert.Equal(1, record.WaitForExit());
        Assert.Equal($"katrace: cannot make {file}: {reason}", record.Errors.All()[^1]);
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private static KatraceProcess Record(string file, string[] options)
    {
        KernelAccess.Require();
        return KatraceProcess.Start(["record", "-o", file, .. options]).Live();
    }

    private static string[] Replay(string file)
    {
        using KatraceProcess replay = KatraceProcess.Start("replay", "-o", "json", file);
        string[] lines = replay.Output.All();
        Assert.Equal(0, replay.WaitForExit());
        return lines;
    }

    private string NewFile() => Path.Combine(_directory.FullName, $"{Guid.NewGuid():n}.katrace");

    /// <summary>What a capture holds, by the numbers that the kernel gave.</summary>
    private sealed class Counted(Capture capture, CapturePipeReader reader) : IEventSink
    {
        public ulong Events { get; private set; }

        public ulong Missing { get; private set; }

        public ulong Lost { get; private set; }

        public ulong LostByRecorder { get; private set; }

        public static Counted Of(Capture capture)
        {
            CapturePipeReader reader = new(capture);
            Counted counted = new(capture, reader);
            EventPipeline pipeline = new(reader);
            pipeline.Run(counted);
            counted.Missing = pipeline.Sequences.Missing;
            return counted;
        }

        public void OnEvent(in EventRecord record) => Events++;

        public void OnBatchEnd()
        {
            if (!reader.TryEndBlock())
                return;
            ulong byRecorder = capture.Info.Lost[(int)V1.Lost.Types.Place.Recorder];
            Lost += capture.Info.Lost[(int)V1.Lost.Types.Place.KernelRing] + byRecorder;
            LostByRecorder += byRecorder;
        }
    }
}
