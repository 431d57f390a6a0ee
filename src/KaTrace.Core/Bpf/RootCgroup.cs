using System.Runtime.InteropServices;
using KaTrace.Interop;
using Microsoft.Win32.SafeHandles;

namespace KaTrace.Bpf;

/// <summary>The root of the cgroup v2 hierarchy, which in a hybrid set-up is not at /sys/fs/cgroup, and in a container may be
/// out of reach.</summary>
internal static class RootCgroup
{
    /// <exception cref="BpfNotSupportedException">There is none, or only one below it.</exception>
    public static SafeFileHandle Open()
    {
        string path = MountPoint(File.ReadLines("/proc/self/mountinfo"))
            ?? throw new BpfNotSupportedException("no cgroup v2 hierarchy is mounted, to whose root to attach");
        // The root of a container's cgroup namespace looks like one too, but for its number.
        int error = FileIdentity.TryRead(path, out FileIdentity identity);
        if (error != 0)
            throw BpfAdvice.Explain($"open {path}", error);
        if (identity.Inode != 1)
            throw new BpfNotSupportedException($"{path} is not the root of the host's cgroups: run it outside of the container, or with the host's cgroup namespace");

        int fd = Libc.openat(-1, path, Libc.O_RDONLY | Libc.O_CLOEXEC);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw BpfAdvice.Explain($"open {path}", Marshal.GetLastPInvokeError());
    }

    /// <summary>Of lines like <c>41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw</c> (proc_pid_mountinfo(5)).</summary>
    internal static string? MountPoint(IEnumerable<string> mountinfo)
    {
        foreach (string line in mountinfo)
        {
            int type = line.IndexOf(" - ", StringComparison.Ordinal);
            string[] fields = line.Split(' ');
            if (type >= 0 && line.AsSpan(type).StartsWith(" - cgroup2 ", StringComparison.Ordinal) && fields[3] == "/")
                return fields[4].Replace("\\040", " ", StringComparison.Ordinal);
        }

        return null;
    }
}
