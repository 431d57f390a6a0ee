using System.Globalization;
using KaTrace.Events;
using KaTrace.Interop;
using Microsoft.Win32.SafeHandles;

namespace KaTrace.Coverage;

/// <summary>The kernel's own count of keepalive probes, TcpExtTCPKeepAlive, of each network namespace that can be reached: through
/// a process that is in it, or through its name in /run/netns.</summary>
/// <remarks>Counted before the segment is given to the device, so it compares with attempts, not with what left the host.</remarks>
internal static class KernelProbeCounters
{
    /// <summary>Between bursts of probes a count stands still for milliseconds, and a read takes a tenth of one.</summary>
    private const int MostReads = 20;

    private const string Names = "/run/netns";

    /// <summary>Counts by inode of the namespace. Looks at every process of the host: not for every second.</summary>
    /// <param name="hidden">The probes that were seen and hidden in a namespace.</param>
    public static Dictionary<uint, KernelProbeCount> Read(Func<uint, ulong> hidden)
    {
        Dictionary<uint, KernelProbeCount> counts = [];
        foreach (string process in Directory.EnumerateDirectories("/proc"))
        {
            if (uint.TryParse(Path.GetFileName(process), CultureInfo.InvariantCulture, out _))
                TryAdd(counts, hidden, $"{process}/ns/net", $"{process}/net/netstat");
        }

        if (Directory.Exists(Names))
            InThreadOfItsOwn(() => AddNamed(counts, hidden));
        return counts;
    }

    private static void TryAdd(Dictionary<uint, KernelProbeCount> counts, Func<uint, ulong> hidden, string link, string netstat)
    {
        try
        {
            if (Inode(new FileInfo(link).LinkTarget) is { } inode && !counts.ContainsKey(inode) && ReadStanding(netstat, inode, hidden) is { } count)
                counts.Add(inode, count);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The process has ended, or is none of our business: another may be in the same namespace.
        }
    }

    /// <summary>Reads until two reads agree: only a count that stood still at a known time can be compared with records that say
    /// theirs, and with what was hidden by then. A timer's whole burst may run between a read and a look at the clock.</summary>
    private static KernelProbeCount? ReadStanding(string netstat, uint inode, Func<uint, ulong> hidden)
    {
        ulong? count = Parse(File.ReadLines(netstat));
        for (int read = 1; count is not null; read++)
        {
            (ulong now, ulong hiddenNow) = (RealtimeOffset.MonotonicNs, hidden(inode));
            ulong? again = Parse(File.ReadLines(netstat));
            if (again == count || read == MostReads)
                return new KernelProbeCount(count.Value, now, hiddenNow);
            count = again;
        }

        return null;
    }

    private static void AddNamed(Dictionary<uint, KernelProbeCount> counts, Func<uint, ulong> hidden)
    {
        foreach (string name in Directory.EnumerateFiles(Names))
        {
            int fd = Libc.openat(-1, name, Libc.O_RDONLY | Libc.O_CLOEXEC);
            if (fd < 0)
                continue;

            using SafeFileHandle owned = new(fd, ownsHandle: true);
            if (Libc.setns(fd, Libc.CLONE_NEWNET) == 0)
                TryAdd(counts, hidden, "/proc/thread-self/ns/net", "/proc/thread-self/net/netstat");
        }
    }

    /// <summary>A thread that has entered a namespace must not go back to others' work.</summary>
    private static void InThreadOfItsOwn(ThreadStart action)
    {
        Thread thread = new(action) { Name = "namespaces" };
        thread.Start();
        thread.Join();
    }

    /// <summary>Of "net:[4026531840]".</summary>
    private static uint? Inode(string? link) =>
        link is not null && link.StartsWith("net:[", StringComparison.Ordinal)
        && uint.TryParse(link.AsSpan(5).TrimEnd(']'), CultureInfo.InvariantCulture, out uint inode) ? inode : null;

    /// <summary>Of pairs of lines, names and values, each led by its group.</summary>
    private static ulong? Parse(IEnumerable<string> netstat)
    {
        string[]? names = null;
        foreach (string line in netstat)
        {
            if (!line.StartsWith("TcpExt:", StringComparison.Ordinal))
                continue;

            string[] fields = line.Split(' ');
            if (names is null)
            {
                names = fields;
                continue;
            }

            int index = Array.IndexOf(names, "TCPKeepAlive");
            return index >= 0 && index < fields.Length ? ulong.Parse(fields[index], CultureInfo.InvariantCulture) : null;
        }

        return null;
    }
}
