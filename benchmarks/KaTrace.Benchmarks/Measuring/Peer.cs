using System.Diagnostics;
using System.Globalization;
using KaTrace.Benchmarks.Interop;

namespace KaTrace.Benchmarks.Measuring;

/// <summary>A program that is measured or traced: one of <c>peers/</c>, or this one in another role. All speak in lines of
/// numbers.</summary>
internal sealed class Peer : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);

    private readonly Process _process;
    private readonly string _name;

    private Peer(string name, int core, IEnumerable<string> command)
    {
        _name = name;
        string cpu = Machine.Core(core).ToString(CultureInfo.InvariantCulture);
        _process = Process.Start(new ProcessStartInfo("taskset", ["-c", cpu, .. command])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
    }

    public static string PathOf(string name) => Path.Combine(Machine.PeersDirectory, "build", name);

    public static bool IsBuilt(string name) => File.Exists(PathOf(name));

    /// <summary>Why a peer is not built, for the table.</summary>
    /// <param name="name">Of the peer.</param>
    /// <param name="needs">What it takes to build it: "Go or no grpc-go".</param>
    public static string WhyNotBuilt(string name, string needs) =>
        IsNamedBy("KATRACE_BENCH_BROKEN", name) ? "DOES NOT BUILD, though its packages are here"
        : IsNamedBy("KATRACE_BENCH_LEFT_OUT", name) ? "not built by --quick"
        : $"not built: no {needs} here";

    private static bool IsNamedBy(string variable, string name) => (Environment.GetEnvironmentVariable(variable) ?? "").Split(' ').Contains(name);

    /// <summary>Starts a program of <c>peers/</c> on one core.</summary>
    public static Peer Start(int core, string name, params IEnumerable<long> arguments) =>
        new(name, core, [PathOf(name), .. Text(arguments)]);

    /// <summary>The same for one that takes words.</summary>
    public static Peer Start(int core, string name, IReadOnlyList<string> words) => new(name, core, [PathOf(name), .. words]);

    /// <summary>Runs a program of <c>peers/</c> that takes words, to its end.</summary>
    public static ulong[] Run(int core, string name, string word, long number)
    {
        using Peer peer = new(name, core, [PathOf(name), word, .. Text([number])]);
        ulong[] answer = peer.Answer();
        peer.Join();
        return answer;
    }

    /// <summary>Runs a program of <c>peers/</c> that takes words, to its end.</summary>
    public static ulong[] Run(int core, string name, IReadOnlyList<string> words)
    {
        using Peer peer = new(name, core, [PathOf(name), .. words]);
        ulong[] answer = peer.Answer();
        peer.Join();
        return answer;
    }

    /// <summary>Starts this program in a role (<see cref="Roles"/>) on one core.</summary>
    public static Peer StartOurs(int core, string role, params IEnumerable<long> arguments) =>
        new(role, core, [Environment.ProcessPath!, role, .. Text(arguments)]);

    /// <summary>The same for a role that takes words.</summary>
    public static Peer StartOurs(int core, string role, IReadOnlyList<string> words) => new(role, core, [Environment.ProcessPath!, role, .. words]);

    /// <summary>Runs a program of <c>peers/</c> to its end, and gives the numbers of the one line that it prints.</summary>
    public static ulong[] Run(int core, string name, params IEnumerable<long> arguments)
    {
        using Peer peer = Start(core, name, arguments);
        ulong[] answer = peer.Answer();
        peer.Join();
        return answer;
    }

    /// <summary>Waits for the line that says that it is ready.</summary>
    public void WaitReady()
    {
        string line = ReadLine();
        if (line != "ready")
            throw new BenchmarkException($"{_name} said '{line}', not that it is ready");
    }

    /// <summary>Asks with a line, and gives the numbers of the answer.</summary>
    public ulong[] Ask(ulong question)
    {
        Tell(question);
        return Answer();
    }

    /// <summary>Asks, to <see cref="Hear"/> the answer later.</summary>
    public void Tell(ulong question)
    {
        _process.StandardInput.WriteLine(question);
        _process.StandardInput.Flush();
    }

    public ulong[] Hear() => Answer();

    /// <summary>Sends SIGTERM, and gives the numbers of the last line.</summary>
    public ulong[] Stop()
    {
        _ = Native.kill(_process.Id, Native.SIGTERM);
        ulong[] answer = Answer();
        Join();
        return answer;
    }

    /// <summary>Ends its input, and waits until it is gone.</summary>
    public void Join()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(Deadline))
            throw new BenchmarkException($"{_name} does not end");
        if (_process.ExitCode != 0)
            throw new BenchmarkException($"{_name} ended with {_process.ExitCode}");
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    private ulong[] Answer() => [.. ReadLine().Split(' ').Select(number => ulong.Parse(number, CultureInfo.InvariantCulture))];

    private string ReadLine()
    {
        Task<string?> line = _process.StandardOutput.ReadLineAsync();
        if (!line.Wait(Deadline))
            throw new BenchmarkException($"{_name} does not answer");
        return line.Result ?? throw new BenchmarkException($"{_name} ended without an answer");
    }

    private static IEnumerable<string> Text(IEnumerable<long> numbers) =>
        numbers.Select(number => number.ToString(CultureInfo.InvariantCulture));
}
