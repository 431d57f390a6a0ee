namespace KaTrace.KernelTests.Net;

/// <summary>Waits for what no event tells.</summary>
internal static class Until
{
    public static void True(Func<bool> condition, string what)
    {
        if (!SpinWait.SpinUntil(condition, Pace.Deadline(20)))
            throw new TimeoutException($"in vain: {what}");
    }
}
