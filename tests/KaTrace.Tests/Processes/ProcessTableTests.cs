using System.Text;
using KaTrace.Events;
using KaTrace.Processes;

namespace KaTrace.Tests.Processes;

public sealed class ProcessTableTests : IDisposable
{
    // Sample's process started 12.34 seconds after boot.
    private const ulong StartTicks = 1234;
    private readonly FakeProc _proc = new();

    public void Dispose() => _proc.Dispose();

    [Fact]
    public void A_process_is_known_by_name_and_command_line()
    {
        _proc.Add(520, StartTicks, "redis-server\0*:6379\0");
        ProcessIdentity process = Resolve(Table(), Sample.Probe)!;
        Assert.Equal(520u, process.Pid);
        Assert.Equal(12_340_000_000ul, process.StartBoottimeNs);
        Assert.Equal("redis-server", process.Comm);
        Assert.Equal("redis-server *:6379", process.CommandLine);
    }

    [Fact]
    public void A_record_without_owner_resolves_to_nothing() =>
        Assert.Null(Resolve(Table(), Sample.Probe with { Flags = EventFlags.None }));

    [Fact]
    public void A_process_that_is_gone_keeps_the_name_of_the_record()
    {
        ProcessIdentity process = Resolve(Table(), Sample.Probe)!;
        Assert.Equal("redis-server", process.Comm);
        Assert.Null(process.CommandLine);
    }

    [Fact]
    public void Another_process_that_got_the_pid_is_not_mistaken_for_it()
    {
        _proc.Add(520, StartTicks + 1, "impostor\0");
        Assert.Null(Resolve(Table(), Sample.Probe)!.CommandLine);
    }

    [Theory]
    [InlineData("a) S 1 (b")]
    [InlineData("new\nline")]
    public void A_name_cannot_forge_the_start_time(string comm)
    {
        _proc.Add(520, StartTicks, "x\0", comm);
        Assert.Equal("x", Resolve(Table(), Sample.Probe)!.CommandLine);
    }

    [Fact]
    public void A_kernel_thread_has_no_command_line()
    {
        _proc.Add(520, StartTicks, "");
        Assert.Null(Resolve(Table(), Sample.Probe)!.CommandLine);
    }

    [Fact]
    public void A_process_is_read_once()
    {
        _proc.Add(520, StartTicks, "before\0");
        ProcessTable table = Table();
        ProcessIdentity first = Resolve(table, Sample.Probe)!;
        _proc.Add(520, StartTicks, "after\0");
        Resolve(table, Sample.Probe with { Tgid = 521 });
        Assert.Same(first, Resolve(table, Sample.Probe));
    }

    [Fact]
    public void An_exec_is_noticed_by_the_new_name()
    {
        _proc.Add(520, StartTicks, "sh\0-c\0redis-server\0");
        ProcessTable table = Table();
        Resolve(table, Sample.Probe with { Comm = RawEvent.Name("sh") });
        _proc.Add(520, StartTicks, "redis-server\0*:6379\0");
        ProcessIdentity process = Resolve(table, Sample.Probe)!;
        Assert.Equal(("redis-server", "redis-server *:6379"), (process.Comm, process.CommandLine));
        Assert.Equal(1, table.Count);
    }

    [Fact]
    public void The_oldest_is_forgotten_when_the_table_is_full()
    {
        ProcessTable table = Table(capacity: 2);
        ProcessIdentity first = Resolve(table, Sample.Probe with { Tgid = 1 })!;
        ProcessIdentity second = Resolve(table, Sample.Probe with { Tgid = 2 })!;
        Resolve(table, Sample.Probe with { Tgid = 3 });
        Assert.Same(second, Resolve(table, Sample.Probe with { Tgid = 2 }));
        Assert.NotSame(first, Resolve(table, Sample.Probe with { Tgid = 1 }));
        Assert.Equal(2, table.Count);
    }

    [Fact]
    public void A_long_command_line_is_cut_between_characters()
    {
        // The 4,096th byte is the first of a two-byte character.
        _proc.Add(520, StartTicks, new string('a', 4095) + "éé");
        Assert.Equal(new string('a', 4095), Resolve(Table(), Sample.Probe)!.CommandLine);
    }

    [Fact]
    public void Bytes_that_are_no_UTF_8_are_replaced()
    {
        _proc.Add(520, StartTicks, [(byte)'a', 0xff, 0, (byte)'b', 0]);
        Assert.Equal("a\ufffd b", Resolve(Table(), Sample.Probe)!.CommandLine);
    }

    [Fact]
    public void A_name_of_all_sixteen_bytes_is_taken_whole() =>
        Assert.Equal("0123456789abcdef", Resolve(Table(), Sample.Probe with { Comm = RawEvent.Name("0123456789abcdef") })!.Comm);

    [Fact]
    public void Texts_are_ready_for_terminal_and_JSON()
    {
        ProcessIdentity process = new(1, 2, "\e\"\\\u202e"u8, null);
        Assert.Equal("\\x1b\"\\\\u{202e}[1]", Encoding.UTF8.GetString(process.NameText));
        Assert.Equal(",\"comm\":\"\\u001b\\\"\\\\\\u202e\",\"startBoottimeNs\":\"2\"", Encoding.UTF8.GetString(process.JsonRest));
    }

    [Fact]
    public void Our_own_process_is_found_in_the_real_proc()
    {
        string stat = File.ReadAllText("/proc/self/stat");
        Assert.True(ProcFileSystem.TryParseStartTime(Encoding.UTF8.GetBytes(stat), out ulong ticks));
        RawEvent own = Sample.Probe with { Tgid = (uint)Environment.ProcessId, StartNs = ticks * 10_000_000 + 9_999_999 };
        EventRecord record = own.ToRecord();
        Assert.Contains("KaTrace.Tests", new ProcessTable().Resolve(in record)!.CommandLine!, StringComparison.Ordinal);
    }

    [Fact]
    public void A_known_process_costs_no_allocation()
    {
        ProcessTable table = Table();
        EventRecord one = (Sample.Probe with { Tgid = 1 }).ToRecord();
        EventRecord two = (Sample.Probe with { Tgid = 2 }).ToRecord();
        Allocation.AssertNone(() =>
        {
            table.Resolve(in one);
            table.Resolve(in one);
            table.Resolve(in two);
        });
    }

    private ProcessTable Table(int capacity = ProcessTable.DefaultCapacity) => new(_proc.Root, capacity);

    private static ProcessIdentity? Resolve(ProcessTable table, RawEvent raw)
    {
        EventRecord record = raw.ToRecord();
        return table.Resolve(in record);
    }
}
