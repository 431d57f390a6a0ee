namespace KaTrace.KernelTests.Cli;

/// <summary>What a user reads where tracing cannot start: one sentence, with what to do about it.</summary>
public sealed class PrivilegeTests
{
    [Fact]
    public void Without_privilege_the_missing_capabilities_are_named()
    {
        using KatraceProcess katrace = KatraceProcess.StartUnprivileged("stream");

        Assert.Equal(1, katrace.WaitForExit());
        Assert.Empty(katrace.Output.All());
        string error = Assert.Single(katrace.Errors.All());
        Assert.StartsWith("katrace: ", error, StringComparison.Ordinal);
        Assert.Contains("missing CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_libbpf_the_package_to_install_is_named()
    {
        KernelAccess.Require();
        // In a mount namespace of its own, where an empty file lies over each libbpf.
        using KatraceProcess katrace = KatraceProcess.StartBy("unshare", "--mount", "sh", "-ec", """
            for library in $(ldconfig -p | sed -n 's/^\s*libbpf\.so.* => //p'); do
                mount --bind /dev/null "$library"
            done
            exec "$0" stream
            """, KatraceProcess.Executable);

        Assert.Equal(1, katrace.WaitForExit());
        Assert.Empty(katrace.Output.All());
        Assert.Contains("apt-get install libbpf1", Assert.Single(katrace.Errors.All()), StringComparison.Ordinal);
    }
}
