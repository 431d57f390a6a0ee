using System.Runtime.InteropServices;

namespace KaTrace.Interop;

/// <summary>BPF_PROG_TEST_RUN, by which user space runs a program that is attached to nothing.</summary>
internal static unsafe partial class Libbpf
{
    /// <summary>struct bpf_test_run_opts up to the fields of libbpf 1.0.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct bpf_test_run_opts
    {
        public nuint sz;
        public void* data_in;
        public void* data_out;
        public uint data_size_in;
        public uint data_size_out;
        public void* ctx_in;
        public void* ctx_out;
        public uint ctx_size_in;
        public uint ctx_size_out;
        public uint retval;
        public int repeat;
        public uint duration;
        public uint flags;
        public uint cpu;
    }

    [LibraryImport(Library)]
    public static partial int bpf_prog_test_run_opts(int prog_fd, bpf_test_run_opts* opts);
}
