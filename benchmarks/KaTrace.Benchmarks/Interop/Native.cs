using System.Runtime.InteropServices;

namespace KaTrace.Benchmarks.Interop;

/// <summary>The calls that only measuring needs.</summary>
internal static unsafe partial class Native
{
    // asm/signal.h
    public const int SIGINT = 2;
    public const int SIGTERM = 15;

    public const int CLOCK_THREAD_CPUTIME_ID = 3;

    // enum, linux/bpf.h
    public const uint BPF_F_TEST_RUN_ON_CPU = 1;

    /// <summary>struct bpf_prog_info, linux/bpf.h, up to the name: the kernel leaves out what does not fit.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 80)]
    public struct bpf_prog_info
    {
        [FieldOffset(64)]
        public fixed byte name[16];
    }

    [LibraryImport("libc", SetLastError = true)]
    public static partial int dup(int fd);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int kill(int pid, int sig);


    [LibraryImport("libbpf.so.1")]
    public static partial int bpf_prog_get_next_id(uint start_id, uint* next_id);

    [LibraryImport("libbpf.so.1")]
    public static partial int bpf_prog_get_fd_by_id(uint id);

    [LibraryImport("libbpf.so.1")]
    public static partial int bpf_obj_get_info_by_fd(int bpf_fd, void* info, uint* info_len);
}
