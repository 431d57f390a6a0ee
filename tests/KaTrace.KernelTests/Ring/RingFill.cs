using KaTrace.Bpf;
using KaTrace.Interop;

namespace KaTrace.KernelTests.Ring;

/// <summary>A ring of the kernel, and the program that fills it on demand (bpf/ringfill.bpf.c).</summary>
internal sealed unsafe class RingFill : IDisposable
{
    private readonly BpfObject _object;
    private readonly int _fill;
    private readonly int _fillDiscarded;
    private readonly int _fillHeld;

    public RingFill(int size)
    {
        Size = size;
        using var resource = typeof(RingFill).Assembly.GetManifestResourceStream("ringfill.bpf.o")!;
        byte[] image = new byte[resource.Length];
        resource.ReadExactly(image);
        _object = BpfObject.Open(image, "ringfill"u8);
        try
        {
            _object.Map("events").SetMaxEntries((uint)size);
            _object.Load();
            _fill = _object.Program("fill").Fd;
            _fillDiscarded = _object.Program("fill_discarded").Fd;
            _fillHeld = _object.Program("fill_held").Fd;
        }
        catch
        {
            _object.Dispose();
            throw;
        }
    }

    public int Size { get; }

    public int Fd => _object.Map("events").Fd;

    /// <summary>Writes up to <paramref name="count"/> records, from the calling thread.</summary>
    /// <returns>How many: fewer if the ring is full, or if it is more than one run writes.</returns>
    public long Write(ulong producer, long first, long count) => Run(_fill, producer, first, count);

    /// <summary>The same, and discards each.</summary>
    public long WriteDiscarded(ulong producer, long first, long count) => Run(_fillDiscarded, producer, first, count);

    /// <summary>Writes one record that is busy for a while, or none.</summary>
    public long WriteHeld(ulong producer, long first, long count) => Run(_fillHeld, producer, first, count);

    public void Dispose() => _object.Dispose();

    private static uint Run(int program, ulong producer, long first, long count)
    {
        ulong* args = stackalloc ulong[] { producer, (ulong)first, (ulong)count };
        Libbpf.bpf_test_run_opts opts = new()
        {
            sz = (nuint)sizeof(Libbpf.bpf_test_run_opts),
            ctx_in = args,
            ctx_size_in = 3 * sizeof(ulong),
        };
        int error = Libbpf.bpf_prog_test_run_opts(program, &opts);
        return error == 0 ? opts.retval : throw new IOException($"test run of ringfill: error {-error}");
    }
}
