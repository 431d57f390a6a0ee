using System.Globalization;

namespace KaTrace.KernelTests;

/// <summary>How long things may take. An emulated processor is many times slower than a real one: there KATRACE_TEST_SLOWNESS=4
/// gives everything that is waited for four times as long, and leaves the tests strict everywhere else.</summary>
internal static class Pace
{
    public static int Slowness { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("KATRACE_TEST_SLOWNESS"), NumberStyles.None, CultureInfo.InvariantCulture, out int slowness)
            ? Math.Max(slowness, 1)
            : 1;

    /// <summary>TCP_KEEPIDLE, or TCP_KEEPINTVL, that leaves time for what the test does before the next probe.</summary>
    public static int IdleSeconds => Slowness;

    public static TimeSpan Deadline(int seconds) => TimeSpan.FromSeconds(seconds * Slowness);
}
