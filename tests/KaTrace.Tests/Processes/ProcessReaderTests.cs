using System.Text;
using KaTrace.Interop;
using KaTrace.Processes;

namespace KaTrace.Tests.Processes;

public sealed class ProcessReaderTests : IDisposable
{
    private const ulong StartTicks = 1234;
    private static readonly ProcessKey Key = new(520, 12_345_678_901);

    private readonly FakeProc _proc = new();

    public void Dispose() => _proc.Dispose();

    [Fact]
    public void A_process_is_known_by_all_that_proc_tells()
    {
        string directory = _proc.Add(520, StartTicks, "python3\0-u\0/srv/app.py\0--port\080\0", comm: "python3");
        File.CreateSymbolicLink(Path.Combine(directory, "exe"), "/usr/bin/python3.11");
        File.WriteAllText(Path.Combine(directory, "status"), "Name:\tpython3\nPid:\t520\nUid:\t1000\t104\t104\t104\nGid:\t5\t5\t5\t5\nNSpid:\t520\t1\n");
        File.WriteAllText(Path.Combine(directory, "cgroup"), $"0::/system.slice/docker-{new string('a', 64)}.scope/system.slice/shop.service\n");
        Directory.CreateDirectory(Path.Combine(_proc.Root, "etc"));
        File.WriteAllText(Path.Combine(_proc.Root, "etc/passwd"), "shop:x:104:104:::\n");
        ProcessDetails read = new ProcessReader(_proc.Root, new UserNames(Path.Combine(_proc.Root, "etc"))).Read(Key)!;
        Assert.Equal(
            new ProcessDetails
            {
                Key = Key,
                Comm = "python3",
                Executable = "/usr/bin/python3.11",
                CommandLine = "python3 -u /srv/app.py --port 80",
                Uid = 104,
                User = "shop",
                Start = read.Start,
                Container = new Container("docker", new string('a', 64)),
                Unit = "shop.service",
                Program = "/srv/app.py",
            },
            read);
    }

    [Fact]
    public void A_process_of_which_nothing_else_may_be_read_is_known_by_its_name()
    {
        File.Delete(Path.Combine(_proc.Add(520, StartTicks, ""), "cmdline"));
        Assert.Equal(new ProcessDetails { Key = Key, Comm = "redis-server" }, Read()! with { Start = default });
    }

    [Fact]
    public void The_start_is_told_in_wall_clock_time()
    {
        long startNs = Libc.ReadClock(Libc.CLOCK_BOOTTIME) - 60_000_000_000;
        _proc.Add(520, (ulong)startNs / 10_000_000, "x\0");
        ProcessDetails read = new ProcessReader(_proc.Root, new UserNames()).Read(new ProcessKey(520, (ulong)startNs))!;
        Assert.InRange(DateTimeOffset.UtcNow - read.Start, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(65));
    }

    [Fact]
    public void A_process_that_is_gone_is_nothing() => Assert.Null(Read());

    [Fact]
    public void Another_process_that_got_the_pid_is_not_mistaken_for_it()
    {
        _proc.Add(520, StartTicks + 1, "impostor\0");
        Assert.Null(Read());
    }

    [Theory]
    [InlineData("a) S 1 (b")]
    [InlineData("new\nline")]
    [InlineData("at the end\n")]
    [InlineData(")")]
    [InlineData("")]
    public void A_name_cannot_forge_the_start_time(string comm)
    {
        _proc.Add(520, StartTicks, "x\0", comm);
        Assert.Equal((comm, "x"), (Read()!.Comm, Read()!.CommandLine));
    }

    [Theory]
    [InlineData("")]
    [InlineData("520 (x")]
    [InlineData("520 (x) S 1 1 1")]
    public void A_stat_that_is_none_is_no_process(string stat)
    {
        File.WriteAllText(Path.Combine(_proc.Add(520, StartTicks, "x\0"), "stat"), stat);
        Assert.Null(Read());
    }

    [Fact]
    public void A_kernel_thread_has_no_command_line()
    {
        _proc.Add(520, StartTicks, "");
        Assert.Null(Read()!.CommandLine);
    }

    [Fact]
    public void A_long_command_line_is_cut_between_characters()
    {
        // The 4,096th byte is the first of a two-byte character.
        _proc.Add(520, StartTicks, new string('a', 4095) + "éé\0");
        Assert.Equal(new string('a', 4095), Read()!.CommandLine);
    }

    [Fact]
    public void A_main_class_is_found_behind_a_long_class_path()
    {
        _proc.Add(520, StartTicks, $"java\0-cp\0{new string('j', 50_000)}\0kafka.Kafka\0");
        Assert.Equal("kafka.Kafka", Read()!.Program);
    }

    [Fact]
    public void What_is_longer_than_any_path_is_no_program()
    {
        string directory = _proc.Add(520, StartTicks, $"python3\0{new string('x', ProcessReader.MaxCommandLine + 1)}\0", comm: "python3");
        File.CreateSymbolicLink(Path.Combine(directory, "exe"), "/usr/bin/python3.11");
        Assert.Null(Read()!.Program);
    }

    [Fact]
    public void An_argument_that_is_cut_is_no_program()
    {
        _proc.Add(520, StartTicks, $"python3\0{new string('p', 200_000)}\0");
        Assert.Null(Read()!.Program);
    }

    [Fact]
    public void Bytes_that_are_no_UTF_8_are_replaced()
    {
        _proc.Add(520, StartTicks, [(byte)'a', 0xff, 0, (byte)'b', 0]);
        Assert.Equal("a\ufffd b", Read()!.CommandLine);
    }

    [Theory]
    [InlineData("Uid:\t1\t2\t3\t4\n", null)] // no line of its own: something stands before it
    [InlineData("Name:\tUid: 7\nUid:\t1\t2\t3\t4\n", 2u)]
    [InlineData("Name:\tx\nUid:\t1\t2", null)]
    [InlineData("Name:\tx\nUid:\t\n", null)]
    public void A_user_is_read_from_its_own_line(string status, uint? uid)
    {
        File.WriteAllText(Path.Combine(_proc.Add(520, StartTicks, "x\0"), "status"), status);
        Assert.Equal(uid, Read()!.Uid);
    }

    [Fact]
    public void Our_own_process_is_found_in_the_real_proc()
    {
        ProcessKey own = ProcessReader.Own();
        own = own with { StartBoottimeNs = own.StartBoottimeNs + ProcessStat.NsPerTick - 1 };
        ProcessDetails read = new ProcessReader("/proc", new UserNames()).Read(own)!;
        Assert.Contains("KaTrace.Tests", read.CommandLine!, StringComparison.Ordinal);
        Assert.Equal(Environment.ProcessPath, read.Executable);
    }

    private ProcessDetails? Read() => new ProcessReader(_proc.Root, new UserNames()).Read(Key);
}
