using System.Runtime.InteropServices;
using KaTrace.Interop;

namespace KaTrace.Benchmarks.Measuring;

/// <summary>Where it runs.</summary>
internal static class Machine
{
    /// <summary>Both are set by <c>run.sh</c>.</summary>
    public static string PeersDirectory { get; } =
        Environment.GetEnvironmentVariable("KATRACE_BENCH_PEERS") ?? Path.GetFullPath("benchmarks/peers");

    /// <summary>The natively compiled command; null if there is none.</summary>
    public static string? NativeCommand { get; } = Environment.GetEnvironmentVariable("KATRACE_BENCH_NATIVE") is { Length: > 0 } path ? path : null;

    /// <summary>The command as the Release build has it, beside this program.</summary>
    public static string ManagedCommand { get; } = Path.Combine(AppContext.BaseDirectory, "katrace");

    /// <summary>The first line of a report: without it figures mean nothing.</summary>
    public static string Header =>
        $"Linux {File.ReadAllText("/proc/sys/kernel/osrelease").Trim()}, {Environment.ProcessorCount} x {Cpu()}, " +
        $"libbpf {Libbpf.libbpf_major_version()}.{Libbpf.libbpf_minor_version()}, {RuntimeInformation.FrameworkDescription}";

    /// <summary>Core 0 writes or is traced, core 1 reads. With one core both are the same.</summary>
    public static int Core(int wanted) => Math.Min(wanted, Environment.ProcessorCount - 1);

    private static string Cpu()
    {
        string? line = File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal));
        return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
