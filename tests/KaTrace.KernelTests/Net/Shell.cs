using System.Diagnostics;

namespace KaTrace.KernelTests.Net;

/// <summary>Runs a real tool and fails the test with what it said.</summary>
internal static class Shell
{
    public static string Run(string command, params string[] arguments)
    {
        (int exitCode, string output, string error) = TryRun(command, arguments);
        return exitCode == 0 ? output : throw new InvalidOperationException($"{command} {string.Join(' ', arguments)}: exit {exitCode}: {error}");
    }

    public static (int ExitCode, string Output, string Error) TryRun(string command, params string[] arguments)
    {
        ProcessStartInfo start = new(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }
}
