using System.Diagnostics;
using System.Globalization;
using KaTrace.Bpf;
using KaTrace.KernelTests.Net;

namespace KaTrace.KernelTests.Withheld;

/// <summary>A kernel was met that runs no BPF program while process 1 is the current task, whatever interrupts that: what a timer
/// does there, all tracers miss, and no counter tells.</summary>
internal static class ProcessOne
{
    private static readonly Lazy<bool> Hides = new(Try);

    /// <summary>Seen in an experiment: process 1 ran, and a program on sched_switch did not see it.</summary>
    public static bool HidesWhatInterruptsIt => Hides.Value;

    private static bool Try()
    {
        using System.IO.Stream resource = typeof(ProcessOne).Assembly.GetManifestResourceStream("process_one.bpf.o")!;
        byte[] image = new byte[resource.Length];
        resource.ReadExactly(image);
        using BpfObject program = BpfObject.Open(image, "process_one"u8);
        program.Load();
        using BpfLink link = program.Program("left_cpu").Attach();
        long before = Switches();
        Until.True(() =>
        {
            using Process orphans = Process.Start("sh", ["-c", "(exit 0) & exit 0"]); // process 1 is to wait for the inner one
            orphans.WaitForExit();
            return Switches() > before + 1;
        }, "process 1 runs");
        return program.Map(".bss").TryLookup(0u, out ulong seen) && seen == 0;
    }

    /// <summary>How often a thread of process 1 left a CPU: proc_pid_status(5).</summary>
    private static long Switches() =>
        Directory.EnumerateDirectories("/proc/1/task")
            .SelectMany(task => File.ReadLines(Path.Combine(task, "status")))
            .Where(line => line.Contains("ctxt_switches:", StringComparison.Ordinal))
            .Sum(line => long.Parse(line.AsSpan(line.IndexOf(':', StringComparison.Ordinal) + 1), CultureInfo.InvariantCulture));
}
