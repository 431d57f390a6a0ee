namespace KaTrace.Timing;

/// <summary>How late a kernel timer may be: it is put into a slot of the timer wheel, the wider the farther away, and never fires
/// early (kernel/time/timer.c).</summary>
internal static class TimerWheel
{
    // LVL_SIZE - 1, LVL_CLK_SHIFT and LVL_DEPTH - 1.
    private const ulong FirstLevel = 63;
    private const int LevelShift = 3;
    private const int LastLevel = 8;

    /// <param name="jiffies">From now until it is to fire.</param>
    /// <returns>In jiffies.</returns>
    public static uint Granularity(uint jiffies)
    {
        int level = 0;
        while (level < LastLevel && jiffies >= FirstLevel << (LevelShift * level))
            level++;
        return 1u << (LevelShift * level);
    }
}
