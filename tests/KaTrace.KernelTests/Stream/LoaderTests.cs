namespace KaTrace.KernelTests.Stream;

/// <summary>A way that is given up in silence would be found by nobody: it only costs.</summary>
public sealed class LoaderTests(TracedEvents traced)
{
    [Fact]
    public void Programs_read_by_plain_loads_where_the_kernel_has_bpf_rdonly_cast()
    {
        KernelAccess.Require();
        bool has = File.ReadLines("/proc/kallsyms").Any(line => line.EndsWith(" bpf_rdonly_cast", StringComparison.Ordinal));
        Assert.True(has == traced.Slower is null, traced.Slower);
    }

    [Fact]
    public void Snapshots_see_sockets_without_descriptors_too() // iter/tcp and iter/bpf_map_elem are of 5.9
    {
        KernelAccess.Require();
        Assert.True(traced.SeesAllSockets, string.Join('\n', traced.Rejected));
    }
}
