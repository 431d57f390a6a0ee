using KaTrace.KernelTests.Net;
using KaTrace.V1;

namespace KaTrace.KernelTests.Cli;

/// <summary><c>--container</c>, with a process in a control group as docker makes them and one outside.</summary>
public sealed class ContainerFilterTests : IDisposable
{
    private const string Id = "4f1c2b3a5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708";
    private const string UseKeepalive = "s = socket(); s.bind(('127.0.0.1', 0)); s.listen(); s.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)";

    private readonly ControlGroup _group = new();
    private readonly string _container;
    private readonly PythonProcess _inside = new(), _outside = new();

    public ContainerFilterTests()
    {
        _container = $"{_group.Path}/docker-{Id}.scope";
        Directory.CreateDirectory(_container);
        File.WriteAllText($"{_container}/cgroup.procs", $"{_inside.Pid}");
    }

    public void Dispose()
    {
        _inside.Dispose();
        _outside.Dispose();
        Until.True(() => Shell.TryRun("rmdir", _container).ExitCode == 0, "the control group is empty");
        _group.Dispose();
    }

    [Fact]
    public void Events_of_its_processes_alone_are_shown()
    {
        using KatraceProcess katrace = KatraceProcess.Stream("-o", "json", "--container", Id[..12]);
        _outside.Do(UseKeepalive);
        _inside.Do(UseKeepalive);

        Event shown = katrace.WaitForEvent(e => e.Socket.Inode == _inside.Inode("s"));

        Assert.Equal((Id, _inside.Pid), (shown.Process.Container.Id, shown.Process.Pid));
        Assert.Equal(0, katrace.Interrupt());
        Assert.All(katrace.AllEvents(), e => Assert.Equal(_inside.Pid, e.Process.Pid));
    }

    [Fact]
    public void Sockets_of_its_processes_alone_are_listed()
    {
        _outside.Do(UseKeepalive);
        _inside.Do(UseKeepalive);
        using KatraceProcess katrace = KatraceProcess.Start("list", "-l", "-o", "json", "--container", $"docker://{Id}");

        Assert.Equal(0, katrace.WaitForExit());
        Connection listed = Connection.Parser.ParseJson(Assert.Single(katrace.Output.All()));
        Assert.Equal((_inside.Inode("s"), _inside.Pid), (listed.Socket.Inode, listed.Process.Pid));
    }
}
