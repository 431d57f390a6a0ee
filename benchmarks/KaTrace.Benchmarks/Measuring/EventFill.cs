using KaTrace.Benchmarks.Interop;
using KaTrace.Bpf;
using KaTrace.Interop;

namespace KaTrace.Benchmarks.Measuring;

/// <summary>A ring of its own and the program that fills it on demand (<c>peers/eventfill.bpf.c</c>).</summary>
internal sealed class EventFill : IDisposable
{
    private const int MaxRun = 4096;

    private readonly BpfObject _bpf;
    private readonly BpfProgram _program;
    private ulong _next;

    public EventFill(int ringBytes)
    {
        _bpf = BpfObject.Open(File.ReadAllBytes(Peer.PathOf("eventfill.bpf.o")), "eventfill"u8);
        _bpf.Map("events").SetMaxEntries((uint)ringBytes);
        _bpf.Load();
        _program = _bpf.Program("fill");
    }

    public int RingFd => _bpf.Map("events").Fd;

    public int ProgramFd => _program.Fd;

    /// <summary>Fills the ring on core 0, so that a reader on the other finds what it finds live: memory that another core
    /// wrote.</summary>
    public unsafe Filled Fill()
    {
        ulong first = _next;
        ulong* args = stackalloc ulong[2];
        args[1] = MaxRun;
        Libbpf.bpf_test_run_opts opts = new()
        {
            sz = (nuint)sizeof(Libbpf.bpf_test_run_opts),
            ctx_in = args,
            ctx_size_in = 2 * sizeof(ulong),
            flags = Native.BPF_F_TEST_RUN_ON_CPU,
        };
        do
        {
            args[0] = _next;
            int error = Libbpf.bpf_prog_test_run_opts(ProgramFd, &opts);
            if (error < 0)
                throw new BenchmarkException($"the filling program cannot be run: error {-error}");
            _next += opts.retval;
        }
        while (opts.retval == MaxRun);
        return new Filled(_next - first, ExpectedSum(first, _next));
    }

    /// <summary>Of the records with these numbers, as a tally sums them up.</summary>
    public static ulong ExpectedSum(ulong first, ulong end)
    {
        const ulong Lport = 443, Tgid = 4711;
        ulong sum = 0;
        for (ulong seq = first; seq < end; seq++)
            sum += (3 * seq) + Lport + Tgid;
        return sum;
    }

    public void Dispose() => _bpf.Dispose();

    internal readonly record struct Filled(ulong Records, ulong Sum);
}
