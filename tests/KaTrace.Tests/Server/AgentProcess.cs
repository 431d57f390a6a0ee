using System.Diagnostics;
using System.Globalization;
using KaTrace.Client;
using KaTrace.Server.Hosting;

namespace KaTrace.Tests.Server;

/// <summary>A <see cref="TestAgent"/> as a process of its own, so that the memory that it takes is its own.</summary>
internal sealed class AgentProcess : IAsyncDisposable
{
    /// <summary>The one argument of that process.</summary>
    public const string Role = "made-agent";

    /// <summary>Almost three seconds of a hundred thousand events: a client that the machine keeps waiting for less loses none.</summary>
    public const int HistoryMegabytes = 128;

    /// <summary>Events that become visible together: as many as a batch of the ring has at such a rate.</summary>
    private const int BatchSize = 100;

    private readonly Process _process;

    private AgentProcess(Process process, string[] addresses) => (_process, Unix, Tcp) = (process, addresses[0], addresses[1]);

    public string Unix { get; }

    public string Tcp { get; }

    public static async Task<AgentProcess> StartAsync()
    {
        Process process = Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "KaTrace.Tests"), Role) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        return new AgentProcess(process, (await ReadAsync(process)).Split(' '));
    }

    /// <summary>Makes so many events a second, and returns when all are made.</summary>
    /// <returns>How long that took.</returns>
    public async Task<TimeSpan> MakeAsync(int count, int rate)
    {
        await _process.StandardInput.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{count} {rate}"));
        return TimeSpan.Parse(await ReadAsync(_process), CultureInfo.InvariantCulture);
    }

    /// <summary>Resident memory of the process in MiB, now and at most since <see cref="ForgetPeak"/>.</summary>
    public (double Now, double Peak) Memory()
    {
        string[] status = File.ReadAllLines($"/proc/{_process.Id}/status");
        return (Of("VmRSS:"), Of("VmHWM:"));

        double Of(string name) => double.Parse(Array.Find(status, line => line.StartsWith(name, StringComparison.Ordinal))![name.Length..].TrimEnd('k', 'B'), CultureInfo.InvariantCulture) / 1024;
    }

    /// <summary>proc(5): clear_refs.</summary>
    public void ForgetPeak() => File.WriteAllText($"/proc/{_process.Id}/clear_refs", "5");

    public KatraceConnection Connect(string address) => KatraceConnection.Open(address);

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using CancellationTokenSource deadline = new(TimeSpan.FromSeconds(20));
        await _process.WaitForExitAsync(deadline.Token);
        _process.Dispose();
    }

    /// <summary>What that process does, until its input ends.</summary>
    public static async Task<int> ServeAsync()
    {
        await using TestAgent agent = await TestAgent.StartAsync(HistoryMegabytes << 20, agent => new ServerOptions { Listen = [ListenAddress.Parse($"unix:{agent.SocketPath}"), ListenAddress.Parse("127.0.0.1:0")] });
        Console.WriteLine($"unix:{agent.SocketPath} {new Uri(agent.Server.Addresses[1]).Authority}");
        while (Console.ReadLine() is { } line)
        {
            int[] order = [.. line.Split(' ').Select(int.Parse)];
            Console.WriteLine(Make(agent, order[0], order[1]));
        }

        return 0;
    }

    private static TimeSpan Make(TestAgent agent, int count, int rate)
    {
        Stopwatch begun = Stopwatch.StartNew();
        for (int made = 0; made < count; made += BatchSize)
        {
            TimeSpan left = TimeSpan.FromSeconds((double)made / rate) - begun.Elapsed;
            if (left > TimeSpan.Zero)
                Thread.Sleep(left); // the rate is what is asked for
            agent.Happen(Math.Min(BatchSize, count - made));
        }

        return begun.Elapsed;
    }

    private static async Task<string> ReadAsync(Process process)
    {
        using CancellationTokenSource deadline = new(TimeSpan.FromMinutes(3));
        return await process.StandardOutput.ReadLineAsync(deadline.Token) ?? throw new InvalidOperationException("the agent has ended");
    }
}
