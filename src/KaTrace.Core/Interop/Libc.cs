using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;

namespace KaTrace.Interop;

/// <summary>libc, the calls that have no managed equal. Memory and waiting are in <c>Libc.Memory.cs</c>.</summary>
internal static unsafe partial class Libc
{
    public const string Library = "libc";

    // linux/perf_event.h
    public const uint PERF_TYPE_TRACEPOINT = 2;
    public const ulong PERF_FLAG_FD_CLOEXEC = 8;

    // linux/mount.h
    public const uint FSOPEN_CLOEXEC = 1;
    public const uint FSCONFIG_CMD_CREATE = 6;
    public const uint FSMOUNT_CLOEXEC = 1;

    // asm-generic/fcntl.h; O_DIRECTORY and the like differ between architectures, these do not.
    public const int O_RDONLY = 0;
    public const int O_CLOEXEC = 0x80000;
    public const int O_PATH = 0x200000;

    public const int AF_INET = 2;
    public const int AF_INET6 = 10;

    public const int CLOCK_REALTIME = 0;
    public const int CLOCK_MONOTONIC = 1;
    public const int CLOCK_THREAD_CPUTIME_ID = 3;
    public const int CLOCK_BOOTTIME = 7;

    public const int CLONE_NEWNET = 0x40000000;

    /// <summary>asm/unistd_64.h and asm-generic/unistd.h: not in every libc.</summary>
    private static readonly nint SysPerfEventOpen = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 241 : 298;

    private const nint SysFsopen = 430;
    private const nint SysFsconfig = 431;
    private const nint SysFsmount = 432;
    private const nint SysOpenat2 = 437;

    [StructLayout(LayoutKind.Sequential)]
    public struct timespec
    {
        public nint tv_sec;
        public nint tv_nsec;
    }

    /// <summary>struct perf_event_attr, first version (PERF_ATTR_SIZE_VER0): the kernel takes the rest as zero.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 64)]
    public struct perf_event_attr
    {
        public uint type;
        public uint size;
        public ulong config;
        public ulong sample_period;
    }

    /// <summary>struct open_how, linux/openat2.h</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct open_how
    {
        public ulong flags;
        public ulong mode;
        public ulong resolve;
    }

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint syscall(nint number, nint a, nint b, nint c, nint d, nint e);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int openat(int dirfd, string pathname, int flags);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int close(int fd);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int clock_gettime(int clockid, timespec* tp);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int unshare(int flags);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int setns(int fd, int nstype);

    [LibraryImport(Library)]
    public static partial int vsnprintf(byte* str, nuint size, byte* format, void* ap);

    public static int perf_event_open(perf_event_attr* attr, int pid, int cpu, int groupFd, ulong flags) =>
        (int)syscall(SysPerfEventOpen, (nint)attr, pid, cpu, groupFd, (nint)flags);

    public static int fsopen(byte* fsname, uint flags) => (int)syscall(SysFsopen, (nint)fsname, (nint)flags, 0, 0, 0);

    public static int fsconfig(int fd, uint cmd, byte* key, void* value, int aux) =>
        (int)syscall(SysFsconfig, fd, (nint)cmd, (nint)key, (nint)value, aux);

    public static int fsmount(int fd, uint flags, uint attrFlags) =>
        (int)syscall(SysFsmount, fd, (nint)flags, (nint)attrFlags, 0, 0);

    public static int openat2(int dirfd, string pathname, int flags, ulong resolve)
    {
        open_how how = new() { flags = (ulong)flags, resolve = resolve };
        byte* path = Utf8StringMarshaller.ConvertToUnmanaged(pathname);
        try
        {
            return (int)syscall(SysOpenat2, dirfd, (nint)path, (nint)(&how), sizeof(open_how), 0);
        }
        finally
        {
            Utf8StringMarshaller.Free(path);
        }
    }

    /// <summary>A struct timespec clock, in nanoseconds.</summary>
    public static long ReadClock(int clockid)
    {
        timespec ts;
        _ = clock_gettime(clockid, &ts);
        return (ts.tv_sec * 1_000_000_000L) + ts.tv_nsec;
    }
}
