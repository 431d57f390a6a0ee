using System.Runtime.InteropServices;
using KaTrace.Interop;

namespace KaTrace.Bpf;

/// <summary>An object file of BPF programs and maps in libbpf's two steps: opened (settings, sizes, which programs), then
/// loaded into the kernel. Nothing is pinned: when the process ends, by whatever means, the kernel drops all of it.</summary>
internal sealed unsafe class BpfObject : SafeHandle
{
    public BpfObject()
        : base(0, ownsHandle: true)
    {
    }

    public override bool IsInvalid => handle == 0;

    /// <param name="image">The object file: may be freed after the call.</param>
    /// <param name="name">Prefix of the map names that bpftool shows.</param>
    public static BpfObject Open(ReadOnlySpan<byte> image, ReadOnlySpan<byte> name)
    {
        try
        {
            LibbpfLog.Install();
        }
        catch (DllNotFoundException e)
        {
            throw new BpfNotSupportedException(BpfAdvice.LibbpfMissing, innerException: e);
        }

        LibbpfLog.Clear();
        Span<byte> terminated = stackalloc byte[name.Length + 1];
        name.CopyTo(terminated);
        terminated[^1] = 0;
        BpfObject result = new();
        fixed (byte* data = image, objectName = terminated)
        {
            Libbpf.bpf_object_open_opts opts = new() { sz = (nuint)sizeof(Libbpf.bpf_object_open_opts), object_name = objectName };
            result.SetHandle(Libbpf.bpf_object__open_mem(data, (nuint)image.Length, &opts));
        }

        if (result.IsInvalid)
            throw BpfAdvice.Explain("open the BPF object", Marshal.GetLastPInvokeError());

        return result;
    }

    public void Load()
    {
        LibbpfLog.Clear();
        int error = Libbpf.bpf_object__load(handle);
        if (error < 0)
        {
            string? program = LibbpfLog.RefusedProgram;
            throw BpfAdvice.Explain(program is null ? "load the BPF object" : $"load program {program}", -error);
        }
    }

    public BpfProgram Program(string name)
    {
        nint program = Libbpf.bpf_object__find_program_by_name(handle, name);
        return program != 0 ? new BpfProgram(this, program, name) : throw new BpfException($"the BPF object has no program '{name}'");
    }

    public BpfMap Map(string name)
    {
        nint map = Libbpf.bpf_object__find_map_by_name(handle, name);
        return map != 0 ? new BpfMap(this, map, name) : throw new BpfException($"the BPF object has no map '{name}'");
    }

    protected override bool ReleaseHandle()
    {
        Libbpf.bpf_object__close(handle);
        return true;
    }
}
