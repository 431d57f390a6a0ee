using System.Runtime.InteropServices;
using KaTrace.Interop;
using Microsoft.Win32.SafeHandles;

namespace KaTrace.Bpf;

/// <summary>A program of a <see cref="BpfObject"/>, valid as long as that is.</summary>
internal readonly unsafe struct BpfProgram(BpfObject owner, nint program, string name)
{
    public string Name => name;

    /// <summary>Of a loaded object. Owned by the object.</summary>
    public int Fd
    {
        get
        {
            ObjectDisposedException.ThrowIf(owner.IsClosed, owner);
            return Libbpf.bpf_program__fd(program);
        }
    }

    /// <summary>Whether <see cref="BpfObject.Load"/> takes it along: all of ours are optional and start as not.</summary>
    public void SetAutoload(bool autoload)
    {
        int error = Libbpf.bpf_program__set_autoload(program, autoload);
        if (error < 0)
            throw BpfAdvice.Explain($"select program {name}", -error);
    }

    /// <summary>Attaches to what the section name says (tp_btf, fentry, kprobe, …).</summary>
    public BpfLink Attach() => Own(Libbpf.bpf_program__attach(program), $"attach program {name}");

    /// <summary>Attaches to a tracepoint, which may be one of the system calls.</summary>
    public BpfLink AttachTracepoint(Tracefs tracefs, string category, string tracepoint)
    {
        string operation = $"attach program {name} to tracepoint {category}/{tracepoint}";
        Libc.perf_event_attr attr = new()
        {
            type = Libc.PERF_TYPE_TRACEPOINT,
            size = (uint)sizeof(Libc.perf_event_attr),
            config = tracefs.TracepointId(category, tracepoint),
            sample_period = 1,
        };
        // One CPU is enough: a BPF program hangs on the tracepoint itself, and so runs on all of them.
        int fd = Libc.perf_event_open(&attr, pid: -1, cpu: 0, groupFd: -1, Libc.PERF_FLAG_FD_CLOEXEC);
        if (fd < 0)
            throw BpfAdvice.Explain(operation, Marshal.GetLastPInvokeError());

        nint link = Libbpf.bpf_program__attach_perf_event(program, fd);
        int error = Marshal.GetLastPInvokeError();
        if (link == 0)
            _ = Libc.close(fd);

        return Own(link, operation, error);
    }

    /// <summary>Attaches to the root of the host's cgroups, beside what others have attached there or below.</summary>
    public BpfLink AttachRootCgroup()
    {
        using SafeFileHandle root = RootCgroup.Open();
        return Own(Libbpf.bpf_program__attach_cgroup(program, (int)root.DangerousGetHandle()), $"attach program {name} to the root cgroup");
    }

    /// <summary>Attaches an iterator.</summary>
    /// <param name="pid">Look at this process only, where the kernel can (6.1).</param>
    public BpfLink AttachIterator(uint? pid = null)
    {
        if (pid is { } only)
        {
            Libbpf.bpf_iter_link_info info = new() { pid = only };
            Libbpf.bpf_iter_attach_opts opts = new()
            {
                sz = (nuint)sizeof(Libbpf.bpf_iter_attach_opts),
                link_info = &info,
                link_info_len = (uint)sizeof(Libbpf.bpf_iter_link_info),
            };
            nint link = Libbpf.bpf_program__attach_iter(program, &opts);
            if (link != 0)
                return new BpfLink(link);
        }

        return Own(Libbpf.bpf_program__attach_iter(program, null), $"attach iterator {name}");
    }

    /// <summary>Attaches an iterator over the elements of a map.</summary>
    public BpfLink AttachIterator(BpfMap map)
    {
        Libbpf.bpf_iter_link_info info = new() { map_fd = (uint)map.Fd };
        Libbpf.bpf_iter_attach_opts opts = new()
        {
            sz = (nuint)sizeof(Libbpf.bpf_iter_attach_opts),
            link_info = &info,
            link_info_len = (uint)sizeof(Libbpf.bpf_iter_link_info),
        };
        return Own(Libbpf.bpf_program__attach_iter(program, &opts), $"attach iterator {name}");
    }

    /// <summary>How often the kernel skipped the program, as it was running on that CPU already. Of a loaded program.</summary>
    public ulong RecursionMisses
    {
        get
        {
            Libbpf.bpf_prog_info info = default;
            uint size = (uint)sizeof(Libbpf.bpf_prog_info);
            int error = Libbpf.bpf_obj_get_info_by_fd(Fd, &info, &size);
            return error >= 0 ? info.recursion_misses : throw BpfAdvice.Explain($"read the counters of program {name}", -error);
        }
    }

    /// <summary>Runs a program of type syscall, which reads and writes <paramref name="context"/>. Of a loaded object.</summary>
    /// <returns>0, or a negative errno.</returns>
    public static int Call<T>(int fd, ref T context)
        where T : unmanaged
    {
        fixed (T* pointer = &context)
        {
            // The context is updated in place: an output context besides would be refused.
            Libbpf.bpf_test_run_opts opts = new()
            {
                sz = (nuint)sizeof(Libbpf.bpf_test_run_opts),
                ctx_in = pointer,
                ctx_size_in = (uint)sizeof(T),
            };
            return Libbpf.bpf_prog_test_run_opts(fd, &opts);
        }
    }

    private static BpfLink Own(nint link, string operation, int? error = null) =>
        link != 0 ? new BpfLink(link) : throw BpfAdvice.Explain(operation, error ?? Marshal.GetLastPInvokeError());
}
