using System.Runtime.InteropServices;

namespace KaTrace.Interop;

/// <summary>libbpf 1.x (libbpf.h, bpf.h), the calls that we need as C declares them.</summary>
/// <remarks>From 1.0 on functions that return int return a negative errno; those that return a pointer return NULL and set
/// errno, and only these ask for SetLastError.</remarks>
internal static unsafe partial class Libbpf
{
    public const string Library = "libbpf.so.1";

    public const int LIBBPF_WARN = 0;

    // enum bpf_map_update flags, linux/bpf.h
    public const ulong BPF_ANY = 0;

    /// <summary>struct bpf_object_open_opts up to the fields that we set: libbpf takes the rest as zero.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct bpf_object_open_opts
    {
        public nuint sz;
        public byte* object_name;
    }

    /// <summary>union bpf_iter_link_info: its map member, or its task member (Linux 6.1).</summary>
    [StructLayout(LayoutKind.Explicit, Size = 16)]
    public struct bpf_iter_link_info
    {
        [FieldOffset(0)]
        public uint map_fd;
        [FieldOffset(0)]
        public uint tid;
        [FieldOffset(4)]
        public uint pid;
        [FieldOffset(8)]
        public uint pid_fd;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct bpf_iter_attach_opts
    {
        public nuint sz;
        public bpf_iter_link_info* link_info;
        public uint link_info_len;
    }

    /// <summary>struct bpf_prog_info up to recursion_misses (Linux 5.12); an older kernel leaves that zero.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 216)]
    public struct bpf_prog_info
    {
        [FieldOffset(20)]
        public uint xlated_prog_len;

        [FieldOffset(208)]
        public ulong recursion_misses;
    }

    [LibraryImport(Library)]
    public static partial int bpf_obj_get_info_by_fd(int bpf_fd, bpf_prog_info* info, uint* info_len);

    [LibraryImport(Library)]
    public static partial uint libbpf_major_version();

    [LibraryImport(Library)]
    public static partial uint libbpf_minor_version();

    [LibraryImport(Library)]
    public static partial int libbpf_num_possible_cpus();

    [LibraryImport(Library)]
    public static partial nint libbpf_set_print(delegate* unmanaged[Cdecl]<int, byte*, void*, int> fn);

    [LibraryImport(Library, SetLastError = true)]
    public static partial nint bpf_object__open_mem(void* obj_buf, nuint obj_buf_sz, bpf_object_open_opts* opts);

    [LibraryImport(Library)]
    public static partial int bpf_object__load(nint obj);

    [LibraryImport(Library)]
    public static partial void bpf_object__close(nint obj);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint bpf_object__find_program_by_name(nint obj, string name);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint bpf_object__find_map_by_name(nint obj, string name);

    [LibraryImport(Library)]
    public static partial int bpf_program__fd(nint prog);

    [LibraryImport(Library)]
    public static partial int bpf_program__set_autoload(nint prog, [MarshalAs(UnmanagedType.U1)] bool autoload);

    [LibraryImport(Library, SetLastError = true)]
    public static partial nint bpf_program__attach(nint prog);

    [LibraryImport(Library, SetLastError = true)]
    public static partial nint bpf_program__attach_perf_event(nint prog, int pfd);

    [LibraryImport(Library, SetLastError = true)]
    public static partial nint bpf_program__attach_cgroup(nint prog, int cgroup_fd);

    [LibraryImport(Library, SetLastError = true)]
    public static partial nint bpf_program__attach_iter(nint prog, bpf_iter_attach_opts* opts);

    [LibraryImport(Library)]
    public static partial int bpf_link__fd(nint link);

    [LibraryImport(Library)]
    public static partial int bpf_link__destroy(nint link);

    [LibraryImport(Library)]
    public static partial int bpf_iter_create(int link_fd);

    [LibraryImport(Library)]
    public static partial int bpf_map__fd(nint map);

    [LibraryImport(Library)]
    public static partial uint bpf_map__key_size(nint map);

    [LibraryImport(Library)]
    public static partial uint bpf_map__value_size(nint map);

    [LibraryImport(Library)]
    public static partial int bpf_map__set_max_entries(nint map, uint max_entries);

    [LibraryImport(Library, SetLastError = true)]
    public static partial void* bpf_map__initial_value(nint map, nuint* psize);

    [LibraryImport(Library)]
    public static partial int bpf_map_lookup_elem(int fd, void* key, void* value);

    [LibraryImport(Library)]
    public static partial int bpf_map_update_elem(int fd, void* key, void* value, ulong flags);
}
