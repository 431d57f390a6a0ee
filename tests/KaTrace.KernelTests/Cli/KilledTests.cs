using System.Globalization;
using System.Text.Json;
using KaTrace.KernelTests.Net;

namespace KaTrace.KernelTests.Cli;

/// <summary>The kernel keeps BPF programs for as long as someone holds them: nobody may be left who does.</summary>
public sealed class KilledTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    [Fact]
    public void Kill_9_leaves_no_program_link_or_map_in_the_kernel()
    {
        using KatraceProcess katrace = KatraceProcess.Stream("--demo");
        (string Type, uint Id)[] held = [.. HeldBy(katrace.Pid).Distinct()];
        Assert.Equal(["link", "map", "prog"], held.Select(o => o.Type).Distinct().Order());
        Assert.Empty(held.Except(InKernel()));

        katrace.Signal(KatraceProcess.SIGKILL);
        katrace.WaitForExit();

        // Taken down by the kernel after the process is gone: a grace period of RCU later.
        (string, uint)[] left = held;
        SpinWait.SpinUntil(() => (left = [.. InKernel().Intersect(held)]).Length == 0, Deadline);
        Assert.Empty(left);
    }

    private static IEnumerable<(string Type, uint Id)> HeldBy(int pid) =>
        from descriptor in Descriptors.Of(pid)
        from field in descriptor
        where field.Key is "link_id" or "map_id" or "prog_id"
        select (field.Key[..^3], uint.Parse(field.Value, CultureInfo.InvariantCulture));

    private static IEnumerable<(string Type, uint Id)> InKernel()
    {
        foreach (string type in (string[])["link", "map", "prog"])
        {
            using JsonDocument shown = JsonDocument.Parse(Shell.Run("bpftool", "--json", type, "show"));
            foreach (JsonElement one in shown.RootElement.EnumerateArray())
                yield return (type, one.GetProperty("id").GetUInt32());
        }
    }
}
