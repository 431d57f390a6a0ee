using System.Diagnostics;
using System.Runtime.InteropServices;
using Google.Protobuf;
using KaTrace.V1;
using Process = System.Diagnostics.Process;

namespace KaTrace.Tests.Server;

/// <summary><c>katrace stream --server</c> as a process, which can be stopped as any can.</summary>
internal sealed partial class StoppableClient : IDisposable
{
    private const int SIGCONT = 18;
    private const int SIGSTOP = 19;

    private readonly Process _process;

    private StoppableClient(Process process) => _process = process;

    public static async Task<StoppableClient> StartAsync(string address)
    {
        StoppableClient client = new(Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "katrace"), ["stream", "--server", address, "-o", "json"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!);
        using CancellationTokenSource deadline = new(TimeSpan.FromSeconds(60));
        Assert.StartsWith("katrace: live from ", await client._process.StandardError.ReadLineAsync(deadline.Token), StringComparison.Ordinal);
        return client;
    }

    public void Stop() => Assert.Equal(0, kill(_process.Id, SIGSTOP));

    public void Continue() => Assert.Equal(0, kill(_process.Id, SIGCONT));

    /// <summary>Returns when so many events have come or are told to be lost.</summary>
    public async Task<(ulong Received, ulong Lost)> CountAsync(ulong count)
    {
        using CancellationTokenSource deadline = new(TimeSpan.FromMinutes(2));
        ulong received = 0, lost = 0;
        while (received + lost < count && await _process.StandardOutput.ReadLineAsync(deadline.Token) is { } line)
        {
            if (line.Contains("\"LOST\"", StringComparison.Ordinal))
                lost += JsonParser.Default.Parse<Event>(line).Lost.Count;
            else
                received++;
        }

        return (received, lost);
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);
}
