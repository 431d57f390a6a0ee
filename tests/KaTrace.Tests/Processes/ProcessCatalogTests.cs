using KaTrace.Events;
using KaTrace.Processes;

namespace KaTrace.Tests.Processes;

public sealed class ProcessCatalogTests : IDisposable
{
    // Sample's process started 12.34 seconds after boot.
    private const ulong StartTicks = 1234;
    private static readonly ProcessKey Redis = new(520, 12_340_000_000);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly FakeProc _proc = new();
    private readonly ProcessCatalog _catalog;

    public ProcessCatalogTests() => _catalog = new ProcessCatalog(_proc.Root);

    public void Dispose()
    {
        _catalog.Dispose();
        _proc.Dispose();
    }

    [Fact]
    public async Task An_event_shows_what_is_known_of_its_process()
    {
        _proc.Add(520, StartTicks, "redis-server\0*:6379\0");
        await Settle(_catalog, Redis);
        ProcessIdentity process = Resolve(_catalog, Sample.Probe)!;
        Assert.Equal((Redis, "redis-server"), (process.Key, process.Comm));
        Assert.Equal("redis-server *:6379", process.Details!.CommandLine);
    }

    [Fact]
    public void The_first_event_of_a_process_waits_until_it_is_read()
    {
        using ProcessCatalog patient = new(_proc.Root, longestWait: Deadline);
        _proc.Add(520, StartTicks, "redis-server\0*:6379\0");
        Assert.Equal("redis-server *:6379", Resolve(patient, Sample.Probe)!.Details!.CommandLine);
    }

    [Fact]
    public void The_first_event_after_an_exec_waits_likewise()
    {
        using ProcessCatalog patient = new(_proc.Root, longestWait: Deadline);
        _proc.Add(520, StartTicks, "sh\0", comm: "sh");
        Resolve(patient, Sample.Probe with { Comm = RawEvent.Name("sh") });
        _proc.Add(520, StartTicks, "redis-server\0*:6379\0");
        Assert.Equal("redis-server *:6379", Resolve(patient, Sample.Probe)!.Details!.CommandLine);
    }

    [Fact]
    public void A_record_without_owner_resolves_to_nothing() =>
        Assert.Null(Resolve(_catalog, Sample.Probe with { Flags = EventFlags.None }));

    [Fact]
    public void A_process_that_is_gone_keeps_the_name_of_the_record()
    {
        ProcessIdentity process = Resolve(_catalog, Sample.Probe)!;
        Assert.Equal("redis-server", process.Comm);
        Assert.Null(process.Details);
    }

    [Fact]
    public async Task A_process_is_read_once()
    {
        _proc.Add(520, StartTicks, "before\0");
        ProcessDetails? first = await Settle(_catalog, Redis);
        _proc.Add(520, StartTicks, "after\0");
        Assert.Same(first, await Settle(_catalog, Redis));
        Assert.Same(first, _catalog.Find(Redis));
    }

    [Fact]
    public async Task A_process_that_is_gone_is_not_looked_for_again()
    {
        Assert.Null(await Settle(_catalog, Redis));
        _proc.Add(520, StartTicks, "late\0");
        Assert.Null(await Settle(_catalog, Redis));
    }

    [Fact]
    public async Task The_same_pid_at_another_time_is_another_process()
    {
        _proc.Add(520, StartTicks, "first\0");
        await Settle(_catalog, Redis);
        _proc.Add(520, StartTicks + 5, "second\0");
        ProcessKey second = Redis with { StartBoottimeNs = 12_390_000_000 };
        ProcessDetails?[] both = await _catalog.FindAllAsync([Redis, second], Deadline);
        Assert.Equal(["first", "second"], both.Select(one => one!.CommandLine));
    }

    [Fact]
    public async Task An_exec_is_noticed_by_the_new_name()
    {
        _proc.Add(520, StartTicks, "sh\0-c\0redis-server\0", comm: "sh");
        await Settle(_catalog, Redis);
        Assert.Equal("sh -c redis-server", Resolve(_catalog, Sample.Probe with { Comm = RawEvent.Name("sh") })!.Details!.CommandLine);
        _proc.Add(520, StartTicks, "redis-server\0*:6379\0");
        Resolve(_catalog, Sample.Probe);
        await Settle(_catalog, Redis);
        ProcessIdentity process = Resolve(_catalog, Sample.Probe)!;
        Assert.Equal(("redis-server", "redis-server *:6379"), (process.Comm, process.Details!.CommandLine));
        Assert.Equal(1, _catalog.Count);
    }

    [Fact]
    public async Task What_was_read_under_another_name_is_not_shown()
    {
        // The record was made before the exec, the process was read after it.
        _proc.Add(520, StartTicks, "redis-server\0*:6379\0");
        await Settle(_catalog, Redis);
        Assert.Null(Resolve(_catalog, Sample.Probe with { Comm = RawEvent.Name("sh") })!.Details);
    }

    [Fact]
    public async Task What_was_asked_for_longest_ago_is_forgotten_when_the_catalog_is_full()
    {
        using ProcessCatalog small = new(_proc.Root, capacity: 2);
        for (uint pid = 1; pid <= 3; pid++)
            _proc.Add(pid, StartTicks, "x\0");
        ProcessDetails? first = await Settle(small, Redis with { Pid = 1 });
        ProcessDetails? second = await Settle(small, Redis with { Pid = 2 });
        small.Find(Redis with { Pid = 1 });
        await Settle(small, Redis with { Pid = 3 });
        Assert.Same(first, await Settle(small, Redis with { Pid = 1 }));
        Assert.NotSame(second, await Settle(small, Redis with { Pid = 2 }));
        Assert.Equal(2, small.Count);
    }

    [Fact]
    public async Task Many_are_found_at_once_in_the_order_of_the_question()
    {
        ProcessKey[] keys = [.. Enumerable.Range(1, 300).Reverse().Select(pid => Redis with { Pid = (uint)pid })];
        foreach (ProcessKey key in keys.Where(key => key.Pid % 3 != 0))
            _proc.Add(key.Pid, StartTicks, $"number {key.Pid}\0");
        ProcessDetails?[] found = await _catalog.FindAllAsync(keys, Deadline);
        Assert.Equal(
            keys.Select(key => key.Pid % 3 == 0 ? null : $"number {key.Pid}"),
            found.Select(one => one?.CommandLine));
    }

    [Fact]
    public async Task A_process_that_cannot_be_read_holds_up_neither_events_nor_other_processes()
    {
        using HeldUp held = new(_proc.Add(1, StartTicks, ""));
        Assert.Equal("held", Resolve(_catalog, Sample.Probe with { Tgid = 1, Comm = RawEvent.Name("held") })!.Comm);
        _proc.Add(520, StartTicks, "redis-server\0*:6379\0");
        Assert.Equal("redis-server *:6379", (await Settle(_catalog, Redis))!.CommandLine);
        Assert.Null(_catalog.Find(Redis with { Pid = 1 }));
    }

    [Fact]
    public async Task A_deadline_is_kept_and_gives_what_is_known_by_then()
    {
        using HeldUp held = new(_proc.Add(1, StartTicks, ""));
        _proc.Add(520, StartTicks, "redis-server\0*:6379\0");
        await Settle(_catalog, Redis);
        ProcessDetails?[] found = await _catalog.FindAllAsync([Redis with { Pid = 1 }, Redis], TimeSpan.FromMilliseconds(20));
        Assert.Equal([null, "redis-server *:6379"], found.Select(one => one?.CommandLine));
    }

    [Fact]
    public async Task What_comes_late_is_shown_in_later_events()
    {
        using HeldUp held = new(_proc.Add(520, StartTicks, ""));
        Assert.Null(Resolve(_catalog, Sample.Probe)!.Details);
        held.LetGo("redis-server\0*:6379\0");
        await Settle(_catalog, Redis);
        Assert.Equal("redis-server *:6379", Resolve(_catalog, Sample.Probe)!.Details!.CommandLine);
    }

    [Fact]
    public async Task A_known_process_costs_no_allocation()
    {
        _proc.Add(1, StartTicks, "one\0");
        await _catalog.FindAllAsync([Redis with { Pid = 1 }, Redis with { Pid = 2 }], Deadline);
        EventRecord one = (Sample.Probe with { Tgid = 1 }).ToRecord();
        EventRecord two = (Sample.Probe with { Tgid = 2 }).ToRecord();
        Allocation.AssertNone(() =>
        {
            _catalog.Resolve(in one);
            _catalog.Resolve(in one);
            _catalog.Resolve(in two);
        });
    }

    private static async Task<ProcessDetails?> Settle(ProcessCatalog catalog, ProcessKey process) =>
        Assert.Single(await catalog.FindAllAsync([process], Deadline));

    private static ProcessIdentity? Resolve(ProcessCatalog catalog, RawEvent raw)
    {
        EventRecord record = raw.ToRecord();
        return catalog.Resolve(in record);
    }
}
