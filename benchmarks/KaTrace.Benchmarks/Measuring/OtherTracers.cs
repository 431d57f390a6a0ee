using System.Diagnostics;
using System.Runtime.InteropServices;
using KaTrace.Benchmarks.Interop;

namespace KaTrace.Benchmarks.Measuring;

/// <summary>Tracers of others on this host: what they add to a call would be taken for ours, and for untraced.</summary>
internal static class OtherTracers
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>One was there while something was measured.</summary>
    public static bool WereSeen { get; private set; }

    /// <summary>Before an untraced round: waits for a while until no keepalive tracer is left. Programs outlive the process that
    /// loaded them by some 100 ms.</summary>
    public static void WaitUntilGone()
    {
        for (long start = Stopwatch.GetTimestamp(); Count() > 0 && Stopwatch.GetElapsedTime(start) < Patience;)
            Thread.Sleep(50);
        Look(expected: 0);
    }

    /// <summary>While or right after something is measured.</summary>
    /// <param name="expected">Tracers of our own.</param>
    public static void Look(int expected) => WereSeen |= Count() > expected;

    /// <summary>BPF programs in the kernel, whoever's.</summary>
    public static unsafe int Programs()
    {
        int count = 0;
        for (uint id = 0; Native.bpf_prog_get_next_id(id, &id) == 0;)
            count++;
        return count;
    }

    private static unsafe int Count()
    {
        int count = 0;
        for (uint id = 0; Native.bpf_prog_get_next_id(id, &id) == 0;)
        {
            int fd = Native.bpf_prog_get_fd_by_id(id);
            if (fd < 0)
                continue; // gone meanwhile

            Native.bpf_prog_info info = default;
            uint length = (uint)sizeof(Native.bpf_prog_info);
            if (Native.bpf_obj_get_info_by_fd(fd, &info, &length) == 0
                && MemoryMarshal.CreateReadOnlySpanFromNullTerminated(info.name).SequenceEqual("setsockopt_exit"u8))
                count++;
            _ = Native.close(fd);
        }

        return count;
    }
}
