using System.Globalization;
using System.Runtime.InteropServices;
using KaTrace.Interop;
using Microsoft.Win32.SafeHandles;

namespace KaTrace.Bpf;

/// <summary>The network namespaces that can be reached: through a process that is in it, or through its name in /run/netns.</summary>
internal static class NetworkNamespaces
{
    private const string Names = "/run/netns";
    private const string Current = "/proc/thread-self/ns/net";

    /// <summary>Takes the calling thread into each, and back.</summary>
    /// <param name="visit">Called there, with the inode of the namespace.</param>
    /// <returns>Those that were refused, with the reason; one that is gone meanwhile is not among them.</returns>
    public static IReadOnlyDictionary<uint, int> Visit(Action<uint> visit)
    {
        using SafeFileHandle home = File.OpenHandle(Current);
        HashSet<uint> seen = [Inode(Current) ?? 0];
        Dictionary<uint, int> refused = [];
        visit(seen.Single());
        try
        {
            foreach (string process in Directory.EnumerateDirectories("/proc"))
            {
                // Most processes are in the same one: looked at without entering it.
                string link = $"{process}/ns/net";
                if (!char.IsAsciiDigit(process[^1]) || Inode(link) is not { } inode || seen.Contains(inode))
                    continue;
                int errno = Enter(link);
                if (errno == 0)
                {
                    seen.Add(inode);
                    visit(inode);
                }
                else if (errno != BpfAdvice.ENOENT)
                {
                    refused[inode] = errno;
                }
            }

            foreach (string name in Directory.Exists(Names) ? Directory.EnumerateFiles(Names) : [])
            {
                if (Enter(name) == 0 && Inode(Current) is { } inode && seen.Add(inode))
                    visit(inode);
            }
        }
        finally
        {
            _ = Libc.setns((int)home.DangerousGetHandle(), Libc.CLONE_NEWNET);
        }

        foreach (uint inode in seen) // by the next process, or by its name
            refused.Remove(inode);
        return refused;
    }

    /// <returns>0, or the errno.</returns>
    private static int Enter(string path)
    {
        int fd = Libc.openat(-1, path, Libc.O_RDONLY | Libc.O_CLOEXEC);
        if (fd < 0)
            return Marshal.GetLastPInvokeError();

        using SafeFileHandle owned = new(fd, ownsHandle: true);
        return Libc.setns(fd, Libc.CLONE_NEWNET) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    /// <summary>Of "net:[4026531840]"; null if the process is gone.</summary>
    private static uint? Inode(string link)
    {
        try
        {
            return new FileInfo(link).LinkTarget is { } target && target.StartsWith("net:[", StringComparison.Ordinal)
                && uint.TryParse(target.AsSpan(5).TrimEnd(']'), CultureInfo.InvariantCulture, out uint inode) ? inode : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
