namespace KaTrace.Tests;

internal static class Allocation
{
    /// <summary>Runs it warm, then fails if a thousand runs more allocate anything on this thread.</summary>
    public static void AssertNone(Action action)
    {
        for (int i = 0; i < 100; i++)
            action();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1_000; i++)
            action();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
