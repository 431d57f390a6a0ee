using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using KaTrace.Interop;
using KaTrace.Processes;
using Microsoft.Win32.SafeHandles;

namespace KaTrace.Tests.Processes;

/// <summary>How a .NET process is found and asked, with a stranger in its place.</summary>
public sealed class ManagedProgramTests : IDisposable
{
    private const ulong StartTicks = 1234;
    private const uint PidInside = 7;
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);
    private static readonly byte[] Shop = DiagnosticsAnswer.Of("Shop.Api", "10.0.1");

    // The listener is this process.
    private static readonly uint Pid = (uint)Environment.ProcessId;

    private readonly FakeProc _proc = new();
    private readonly string _process;
    private readonly string _root;

    public ManagedProgramTests()
    {
        _process = _proc.Add(Pid, StartTicks, "dotnet\0/app/Shop.Api.dll\0", comm: "dotnet");
        File.CreateSymbolicLink(Path.Combine(_process, "exe"), "/usr/bin/dotnet");
        File.WriteAllText(Path.Combine(_process, "status"), $"Name:\tdotnet\nUid:\t0\t0\t0\t0\nNSpid:\t{Pid}\t{PidInside}\n");
        _root = Directory.CreateDirectory(Path.Combine(_process, "root")).FullName;
    }

    public void Dispose() => _proc.Dispose();

    [Fact]
    public async Task A_process_is_asked_by_its_own_pid_in_its_own_root()
    {
        using Stranger runtime = new(SocketIn("tmp"), Stranger.Sends(Shop));
        ProcessDetails details = (await FindAsync())!;
        Assert.Equal(("Shop.Api", ".NET 10.0.1"), (details.Program, details.Runtime));
    }

    [Fact]
    public async Task A_process_that_does_not_answer_as_a_runtime_is_known_by_its_command_line()
    {
        using Stranger stranger = new(SocketIn("tmp"), Stranger.Sends("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray()));
        ProcessDetails details = (await FindAsync())!;
        Assert.Equal(("Shop.Api", null, "dotnet /app/Shop.Api.dll"), (details.Program, details.Runtime, details.CommandLine));
    }

    [Theory]
    [InlineData("/var/run/app")]
    [InlineData("/var/run/app/")]
    [InlineData("/../../var/run/app")]
    public async Task Its_own_TMPDIR_is_where_the_socket_is(string directory)
    {
        File.WriteAllText(Path.Combine(_process, "environ"), $"PATH=/bin\0XTMPDIR=/x\0TMPDIR={directory}\0TMPDIR=/later\0");
        using Stranger runtime = new(SocketIn("var/run/app"), Stranger.Sends(Shop));
        Assert.Equal(".NET 10.0.1", (await FindAsync())!.Runtime);
    }

    [Fact]
    public async Task An_absolute_link_in_its_root_stays_in_its_root()
    {
        Directory.CreateDirectory(Path.Combine(_root, "tmp"));
        File.WriteAllText(Path.Combine(_process, "environ"), "TMPDIR=/link\0");
        File.CreateSymbolicLink(Path.Combine(_root, "link"), "/tmp");
        using Stranger runtime = new(SocketIn("tmp"), Stranger.Sends(Shop));
        Assert.Equal(".NET 10.0.1", (await FindAsync())!.Runtime);
    }

    [Fact]
    public async Task A_link_in_the_place_of_the_socket_is_not_followed()
    {
        using Stranger elsewhere = new(Path.Combine(_proc.Root, "elsewhere"), Stranger.Sends(Shop));
        Directory.CreateDirectory(Path.Combine(_root, "tmp"));
        File.CreateSymbolicLink(SocketIn("tmp"), Path.Combine(_proc.Root, "elsewhere"));
        Assert.Null((await FindAsync())!.Runtime);
        Assert.Equal(0, elsewhere.Heard);
    }

    [Theory]
    [InlineData("file")]
    [InlineData("directory")]
    [InlineData("pipe")]
    [InlineData("socket that nobody listens to")]
    public async Task What_is_no_socket_that_listens_is_not_asked(string what)
    {
        string path = SocketIn("tmp");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (what == "file")
            File.WriteAllText(path, "");
        if (what == "directory")
            Directory.CreateDirectory(path);
        if (what == "pipe")
            Process.Start("mkfifo", [path]).WaitForExit();
        using Socket bound = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        if (what == "socket that nobody listens to")
            bound.Bind(new UnixDomainSocketEndPoint(path));
        using SafeFileHandle held = Hold()!;
        Assert.Null(await ManagedPrograms.AskAsync(held, Pid, Long));
    }

    [Fact]
    public async Task Another_process_that_listens_there_is_told_nothing()
    {
        using Stranger stranger = new(SocketIn("tmp"), Stranger.Sends(Shop));
        using SafeFileHandle held = Hold()!;
        Assert.Null(await ManagedPrograms.AskAsync(held, Pid + 1, Long));
        Assert.NotNull(await ManagedPrograms.AskAsync(held, Pid, Long));
        Assert.Equal(DiagnosticsMessage.Question.Length, stranger.Heard);
    }

    [Fact]
    public async Task An_answer_may_come_byte_by_byte()
    {
        using Stranger runtime = new(SocketIn("tmp"), Stranger.Dribbles(Shop));
        using SafeFileHandle held = Hold()!;
        Assert.Equal(new ManagedProgram("Shop.Api", "10.0.1"), await ManagedPrograms.AskAsync(held, Pid, Long));
    }

    [Fact]
    public async Task Who_says_nothing_is_left_after_the_deadline()
    {
        using Stranger stranger = new(SocketIn("tmp"), Stranger.SaysNothing);
        using SafeFileHandle held = Hold()!;
        Assert.Null(await ManagedPrograms.AskAsync(held, Pid, Short));
    }

    [Fact]
    public async Task Who_stops_amid_the_answer_is_left_after_the_deadline()
    {
        using Stranger stranger = new(SocketIn("tmp"), async (socket, end) =>
        {
            await socket.SendAsync(Shop.AsMemory(0, Shop.Length - 1), end);
            await Stranger.SaysNothing(socket, end);
        });
        using SafeFileHandle held = Hold()!;
        Assert.Null(await ManagedPrograms.AskAsync(held, Pid, Short));
    }

    [Theory]
    [InlineData("nothing", "")]
    [InlineData("half a header", "444F544E4554")]
    [InlineData("a header that promises more than comes", "444F544E45545F4950435F563100FFFFFF000000")]
    [InlineData("an error", "444F544E45545F4950435F5631001800FFFF000085131380")]
    [InlineData("an empty answer", "444F544E45545F4950435F5631001400FF000000")]
    public async Task Who_closes_early_has_said_nothing(string title, string answer)
    {
        using Stranger stranger = new(SocketIn("tmp"), Stranger.Sends(Convert.FromHexString(answer)));
        using SafeFileHandle held = Hold()!;
        Assert.True(await ManagedPrograms.AskAsync(held, Pid, Long) is null, title);
    }

    [Fact]
    public async Task Who_sends_gigabytes_is_heard_for_one_message()
    {
        long sent = 0;
        using Stranger stranger = new(SocketIn("tmp"), async (socket, end) =>
        {
            sent = await socket.SendAsync(DiagnosticsAnswer.Message(new byte[60_000]), end);
            while (true)
                sent += await socket.SendAsync(new byte[4096], end);
        });
        using SafeFileHandle held = Hold()!;
        Assert.Null(await ManagedPrograms.AskAsync(held, Pid, Long));
        stranger.Dispose();
        Assert.InRange(sent, 60_000, 4 << 20); // the kernel's buffers take some
    }

    [Fact]
    public async Task Who_says_nothing_does_not_keep_others_from_being_read()
    {
        using Stranger stranger = new(SocketIn("tmp"), Stranger.SaysNothing);
        using ProcessCatalog catalog = new(_proc.Root);
        catalog.Find(Key);
        _proc.Add(1, StartTicks, "nginx\0", comm: "nginx");
        ProcessDetails?[] found = await catalog.FindAllAsync([Key with { Pid = 1 }], Long);
        Assert.Equal("nginx", found[0]!.CommandLine);
    }

    private static ProcessKey Key => new(Pid, StartTicks * ProcessStat.NsPerTick);

    private string SocketIn(string directory) =>
        Path.Combine(_root, directory, string.Create(CultureInfo.InvariantCulture, $"dotnet-diagnostic-{PidInside}-{StartTicks}-socket"));

    private SafeFileHandle? Hold()
    {
        using OpenDirectory process = OpenDirectory.TryOpen(_process)!;
        return DiagnosticsSocket.TryHold(process, PidInside, StartTicks, null);
    }

    private async Task<ProcessDetails?> FindAsync()
    {
        using ProcessCatalog catalog = new(_proc.Root);
        return Assert.Single(await catalog.FindAllAsync([Key], Long));
    }
}
