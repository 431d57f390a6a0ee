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

    public const int BPF_STATS_RUN_TIME = 0;

    /// <summary>struct bpf_prog_info, linux/bpf.h, up to what is needed of it.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 208)]
    public struct bpf_prog_info
    {
        [FieldOffset(64)]
        public fixed byte name[16];

        [FieldOffset(192)]
        public ulong run_time_ns;

        [FieldOffset(200)]
        public ulong run_cnt;
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

    /// <summary>The kernel counts and times all programs until the descriptor is closed.</summary>
    [LibraryImport("libbpf.so.1")]
    public static partial int bpf_enable_stats(int type);

    [LibraryImport("libbpf.so.1")]
    public static partial int bpf_obj_get_info_by_fd(int bpf_fd, void* info, uint* info_len);
}
