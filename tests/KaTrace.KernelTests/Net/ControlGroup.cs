using KaTrace.Interop;

namespace KaTrace.KernelTests.Net;

/// <summary>A cgroup (v2) of the test's own, gone with it; where none is mounted, in a mount of its own.</summary>
internal sealed class ControlGroup : IDisposable
{
    private static int _count;

    private readonly string? _mount;
    private readonly string _root;

    public ControlGroup()
    {
        KernelAccess.Require();
        string? root = KaTrace.Cli.Filters.ControlGroup.MountPoints(File.ReadLines("/proc/self/mountinfo")).FirstOrDefault();
        if (root is null)
        {
            root = _mount = Directory.CreateTempSubdirectory("katest-").FullName;
            Shell.Run("mount", "-t", "cgroup2", "none", root);
        }

        _root = root;
        Name = $"katest-{Environment.ProcessId}-{Interlocked.Increment(ref _count)}";
        Path = $"{root}/{Name}";
        Directory.CreateDirectory(Path);
        Assert.Equal(0, FileIdentity.TryRead(Path, out FileIdentity identity));
        Id = identity.Inode;
    }

    /// <summary>Below the mount point.</summary>
    public string Name { get; }

    public string Path { get; }

    /// <summary>As events name it.</summary>
    public ulong Id { get; }

    /// <summary>Sockets that it makes from now on are of this cgroup.</summary>
    public void Add(uint pid) => File.WriteAllText($"{Path}/cgroup.procs", $"{pid}");

    /// <summary>Runs while this process is in it.</summary>
    public T Run<T>(Func<T> action)
    {
        const string Unified = "0::";
        string before = File.ReadLines("/proc/self/cgroup").Single(line => line.StartsWith(Unified, StringComparison.Ordinal))[Unified.Length..];
        Add((uint)Environment.ProcessId);
        try
        {
            return action();
        }
        finally
        {
            File.WriteAllText($"{_root}{before}/cgroup.procs", $"{Environment.ProcessId}");
        }
    }

    /// <summary>Refused by the kernel while a process is in it.</summary>
    public void Dispose()
    {
        Shell.TryRun("rmdir", Path);
        if (_mount is not null)
            Shell.TryRun("umount", _mount);
    }
}
