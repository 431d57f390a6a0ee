namespace KaTrace.KernelTests;

/// <summary>Whether this machine lets us trace. Without, kernel tests skip with the reason; under CI that is a failure, as
/// nobody reads the skips of a green run.</summary>
internal static class KernelAccess
{
    /// <summary>Why there is no tracing here, or null.</summary>
    public static string? Missing { get; set; } =
        Environment.IsPrivilegedProcess ? null : "kernel tests trace the kernel and make network namespaces: run them as root";

    /// <summary>Every way for a test to reach the kernel begins here.</summary>
    public static void Require()
    {
        if (Missing is not null)
            Skip(Missing);
    }

    /// <summary>Ends the test without a verdict, which CI does not take.</summary>
    public static void Skip(string reason)
    {
        if (Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail($"skipped under CI: {reason}");
        Assert.Skip(reason);
    }
}
