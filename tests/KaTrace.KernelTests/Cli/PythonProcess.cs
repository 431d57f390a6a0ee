using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using KaTrace.Events;

namespace KaTrace.KernelTests.Cli;

/// <summary>A real program with sockets that is not .NET and not katrace: it runs statements as the test hands them over.</summary>
internal sealed class PythonProcess : IDisposable
{
    private const string Loop = """
        import os, sys, socket
        from socket import *
        scope = dict(globals())
        for line in sys.stdin:
            exec(compile(line.replace('\x1f', '\n'), 'test', 'exec'), scope)
            print('done', flush=True)
        """;

    private readonly Process _process;
    private readonly Lines _output;
    private readonly Lines _errors;
    private int _answers;

    public PythonProcess(string? networkNamespace = null)
    {
        string[] python = ["python3", "-c", Loop];
        string[] command = networkNamespace is null ? python : ["ip", "netns", "exec", networkNamespace, .. python];
        ProcessStartInfo start = new(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            _process = Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException($"{command[0]} does not start; install it with: apt-get install python3 iproute2", e);
        }

        _output = new Lines(_process.StandardOutput, "python3's stdout");
        _errors = new Lines(_process.StandardError, "python3's stderr");
        Pid = AskNumber("os.getpid()");
    }

    public uint Pid { get; }

    /// <summary>Runs statements, and returns when they are through.</summary>
    public void Do(string statements) => Answer(statements);

    public uint AskNumber(string expression) =>
        uint.Parse(Answer($"print({expression})"), CultureInfo.InvariantCulture);

    public ulong Inode(string socket) => AskNumber($"os.fstat({socket}.fileno()).st_ino");

    public ushort LocalPort(string socket) => (ushort)AskNumber($"{socket}.getsockname()[1]");

    /// <summary>SIGKILL. Returns when it has exited, with the time by CLOCK_MONOTONIC.</summary>
    public ulong Kill()
    {
        _process.Kill();
        _process.WaitForExit();
        return RealtimeOffset.MonotonicNs;
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }

    private string Answer(string statements)
    {
        _process.StandardInput.WriteLine(statements.Replace('\n', '\x1f'));
        _process.StandardInput.Flush();
        int from = _answers;
        string[] answer = [];
        try
        {
            _output.WaitUntil(lines =>
            {
                while (_answers < lines.Count)
                {
                    if (lines[_answers++] == "done")
                    {
                        answer = [.. lines.Skip(from).Take(_answers - 1 - from)];
                        return true;
                    }
                }

                return false;
            });
        }
        catch (TimeoutException e)
        {
            throw new InvalidOperationException($"python3: {statements}: {string.Join('\n', _errors.SoFar())}", e);
        }

        return string.Join('\n', answer);
    }
}
