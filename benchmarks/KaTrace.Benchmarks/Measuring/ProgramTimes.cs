using KaTrace.Benchmarks.Interop;
using KaTrace.Bpf;

namespace KaTrace.Benchmarks.Measuring;

/// <summary>Has the kernel time every run of every BPF program, and reads what it says of some. The timing costs itself, which
/// an empty program tells.</summary>
internal sealed class ProgramTimes : IDisposable
{
    private readonly int _statistics = Native.bpf_enable_stats(Native.BPF_STATS_RUN_TIME);

    public ProgramTimes()
    {
        if (_statistics < 0)
            throw new BenchmarkException($"the kernel does not time programs: error {-_statistics}");
    }

    /// <summary>Nanoseconds that a run of an empty program seems to take.</summary>
    public static double OwnCost(Action run)
    {
        using BpfObject bpf = BpfObject.Open(File.ReadAllBytes(Peer.PathOf("empty.bpf.o")), "empty"u8);
        bpf.Program("empty").SetAutoload(true);
        bpf.Load();
        using BpfLink link = bpf.Program("empty").Attach();
        using ProgramTimes times = new();
        run();
        (ulong runs, ulong ns) = Read(bpf.Program("empty"));
        return (double)ns / runs;
    }

    public static unsafe (ulong Runs, ulong Ns) Read(BpfProgram program)
    {
        Native.bpf_prog_info info = default;
        uint length = (uint)sizeof(Native.bpf_prog_info);
        int error = Native.bpf_obj_get_info_by_fd(program.Fd, &info, &length);
        return error >= 0 ? (info.run_cnt, info.run_time_ns) : throw new BenchmarkException($"program {program.Name}: error {-error}");
    }

    public void Dispose() => _ = Native.close(_statistics);
}
