using KaTrace.Interop;

namespace KaTrace.Cli.Filters;

/// <summary>Finds the id that names a cgroup (v2) in events: the inode of its directory.</summary>
internal static class ControlGroup
{
    /// <summary>proc_pid_mountinfo(5): the fifth field is where it is mounted, and the one behind " - " the file system.</summary>
    private const string Mounts = "/proc/self/mountinfo";
    private const int MountPointField = 4;

    /// <param name="name">A directory, or its path below the mount point as systemctl and /proc/PID/cgroup show it.</param>
    /// <param name="id">Its id.</param>
    /// <param name="error">What is wrong, as a sentence.</param>
    public static bool TryGetId(string name, out ulong id, out string error)
    {
        id = 0;
        error = "no cgroup v2 file system is mounted here, so only its id can name one";
        foreach (string mount in MountPoints(File.ReadLines(Mounts)))
        {
            error = $"there is no such cgroup in {mount}";
            if (FileIdentity.TryRead(mount, out FileIdentity root) != 0)
                continue;
            foreach (string path in (string[])[name, $"{mount}/{name}"])
            {
                // A directory of another file system, or of cgroup v1, would just never match.
                if (Directory.Exists(path) && FileIdentity.TryRead(path, out FileIdentity group) == 0 && group.Device == root.Device)
                {
                    id = group.Inode;
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Where cgroup v2 is mounted, by the lines of mountinfo.</summary>
    public static IEnumerable<string> MountPoints(IEnumerable<string> mounts)
    {
        foreach (string line in mounts)
        {
            string[] halves = line.Split(" - ", 2);
            if (halves.Length == 2 && halves[1].StartsWith("cgroup2 ", StringComparison.Ordinal))
                yield return halves[0].Split(' ')[MountPointField].Replace(@"\040", " ", StringComparison.Ordinal);
        }
    }
}
