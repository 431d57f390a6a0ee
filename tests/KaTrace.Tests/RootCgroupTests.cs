using KaTrace.Bpf;

namespace KaTrace.Tests;

/// <summary>Where the kernel's list of mounts says that all cgroups of version 2 are.</summary>
public sealed class RootCgroupTests
{
    [Theory]
    [InlineData("unified", "31 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate", "/sys/fs/cgroup")]
    [InlineData("hybrid", "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw", "/sys/fs/cgroup/unified")]
    [InlineData("a space in its name", @"41 31 0:38 / /mnt/my\040groups rw - cgroup2 none rw", "/mnt/my groups")]
    [InlineData("version 1 only", "33 31 0:30 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu", null)]
    [InlineData("a folder of it, bound elsewhere", "41 31 0:38 /system.slice /mnt rw - cgroup2 cgroup2 rw", null)]
    [InlineData("another file system of that name", "41 31 0:38 / /mnt/cgroup2 rw - ext4 /dev/cgroup2 rw", null)]
    public void The_root_is_found_by_type_and_not_by_place(string title, string line, string? expected)
    {
        Assert.NotEmpty(title);
        Assert.Equal(expected, RootCgroup.MountPoint(["21 24 0:20 / /proc rw - proc proc rw", line]));
    }
}
