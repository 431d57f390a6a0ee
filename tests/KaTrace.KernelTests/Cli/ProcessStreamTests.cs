using System.Net.Sockets;
using KaTrace.KernelTests.Net;
using KaTrace.KernelTests.Processes;
using KaTrace.V1;
using static KaTrace.KernelTests.Net.KeepaliveSocket;
using Socket = System.Net.Sockets.Socket;

namespace KaTrace.KernelTests.Cli;

/// <summary>What events say of their processes.</summary>
public sealed class ProcessStreamTests
{
    [Fact]
    public void A_process_that_was_started_meanwhile_is_known_by_all_that_proc_tells()
    {
        using KatraceProcess katrace = KatraceProcess.Stream("-o", "json");
        using PythonProcess python = new();
        python.Do("s = socket()");
        V1.Process process = null!;
        int shown = 0;
        // A busy host may be late with the first.
        Until.True(() =>
        {
            python.Do($"s.setsockopt(SOL_SOCKET, SO_KEEPALIVE, {(shown + 1) % 2})");
            process = katrace.WaitForEvents(++shown, e => e.Process?.Pid == python.Pid)[^1].Process;
            return process.Executable != "";
        }, "an event names the executable");
        Assert.Contains("python3 -c import os", process.CommandLine, StringComparison.Ordinal);
        Assert.Equal(Shell.Run("readlink", $"/proc/{python.Pid}/exe").TrimEnd(), process.Executable);
        Assert.Equal((0u, "root", ""), (process.Uid, process.User, process.Program));
    }

    [Fact]
    public void A_dotnet_process_is_known_by_its_entry_assembly_once_it_has_answered()
    {
        using KatraceProcess katrace = KatraceProcess.Stream("-o", "json", "--pid", $"{Environment.ProcessId}");
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        int value = 0;
        int shown = 0;
        Until.True(() =>
        {
            socket.Set(SOL_SOCKET, SO_KEEPALIVE, value ^= 1);
            V1.Process process = katrace.WaitForEvents(++shown, e => e.Process?.Pid == Environment.ProcessId)[^1].Process;
            return process is { Program: DotnetProcess.Assembly, Runtime: { Length: > 0 } runtime } && runtime == $".NET {Environment.Version}";
        }, "an event names the entry assembly");
    }

    [Fact]
    public void Wide_lines_name_container_unit_and_program()
    {
        using ControlGroup group = new();
        using KatraceProcess katrace = KatraceProcess.Stream("-o", "wide", "--kind", "enabled");
        string unit = $"{group.Path}/shop.service";
        Directory.CreateDirectory(unit);
        try
        {
            using PythonProcess python = new();
            File.WriteAllText($"{unit}/cgroup.procs", $"{python.Pid}");
            Until.True(() =>
            {
                python.Do("socket().setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)");
                return katrace.Output.SoFar().Any(line => line.Contains($"python3[{python.Pid}]", StringComparison.Ordinal)
                    && line.Contains(" unit=shop.service cmd=", StringComparison.Ordinal));
            }, "a line names the unit");
        }
        finally
        {
            Until.True(() => Shell.TryRun("rmdir", unit).ExitCode == 0, "the control group is empty");
        }
    }
}
