using System.Globalization;
using KaTrace.KernelTests.Cli;
using KaTrace.KernelTests.Net;
using KaTrace.Processes;

namespace KaTrace.KernelTests.Processes;

/// <summary>Real processes, by what the kernel shows of them.</summary>
public sealed class ProcessDetailTests : IDisposable
{
    private readonly ProcessCatalog _catalog = new();

    public void Dispose() => _catalog.Dispose();

    [Fact]
    public async Task A_process_has_the_executable_user_and_start_that_ps_shows()
    {
        using PythonProcess python = new();
        python.Do("os.setgid(1); os.setuid(1)");
        ProcessDetails details = await FindAsync(python.Pid);
        string[] ps = Shell.Run("ps", "-o", "user=,uid=,comm=,etimes=", "-p", $"{python.Pid}").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal((ps[0], ps[1], ps[2]), (details.User, $"{details.Uid}", details.Comm));
        double age = double.Parse(ps[3], CultureInfo.InvariantCulture);
        Assert.InRange((DateTimeOffset.UtcNow - details.Start).TotalSeconds, age - 1, age + 3);
        Assert.Equal(Shell.Run("readlink", $"/proc/{python.Pid}/exe").TrimEnd(), details.Executable);
    }

    [Fact]
    public async Task A_script_is_what_its_interpreter_runs()
    {
        using NetworkNamespace ns = new();
        string script = Path.Combine(Path.GetTempPath(), $"{ns.Name}.py");
        File.WriteAllText(script, "#!/usr/bin/env python3\nimport sys; print('ready', flush=True); sys.stdin.read()\n");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        try
        {
            // By its own name: the kernel puts the interpreter before it.
            using KatraceProcess run = KatraceProcess.StartBy(script, "--verbose");
            run.Output.WaitForLine(line => line == "ready");
            Assert.Equal(script, (await FindAsync((uint)run.Pid)).Program);
        }
        finally
        {
            File.Delete(script);
        }
    }

    [Fact]
    public async Task A_container_and_a_unit_are_those_of_the_control_group()
    {
        using ControlGroup group = new();
        string id = new('a', 64);
        string container = $"{group.Path}/docker-{id}.scope", unit = $"{container}/shop.service";
        Directory.CreateDirectory(unit);
        try
        {
            using PythonProcess python = new();
            File.WriteAllText($"{unit}/cgroup.procs", $"{python.Pid}");
            ProcessDetails details = await FindAsync(python.Pid);
            Assert.Equal((new Container("docker", id), "shop.service"), (details.Container, details.Unit));
        }
        finally
        {
            Until.True(() => Shell.TryRun("rmdir", unit, container).ExitCode == 0, "the control group is empty");
        }
    }

    [Fact]
    public async Task A_process_that_has_exited_is_gone()
    {
        using PythonProcess python = new();
        ProcessKey key = DotnetProcess.KeyOf(python.Pid);
        python.Kill();
        Assert.Null(Assert.Single(await _catalog.FindAllAsync([key], Pace.Deadline(20))));
    }

    private async Task<ProcessDetails> FindAsync(uint pid) =>
        Assert.Single(await _catalog.FindAllAsync([DotnetProcess.KeyOf(pid)], Pace.Deadline(20)))!;
}
