namespace KaTrace.Tests;

internal static class Allocation
{
    private const int Runs = 1_000;
    private const int Attempts = 5;

    /// <summary>Runs it warm, then fails if a thousand runs more allocate anything on this thread.</summary>
    /// <remarks>A collection on another thread counts what is left of this thread's allocation context, up to 8 KiB, as allocated:
    /// what the action itself allocates is there in every attempt.</remarks>
    public static void AssertNone(Action action)
    {
        for (int i = 0; i < 100; i++)
            action();
        Assert.Equal(0, Enumerable.Range(0, Attempts).Min(_ => Measure(action)));
    }

    private static long Measure(Action action)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Runs; i++)
            action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
