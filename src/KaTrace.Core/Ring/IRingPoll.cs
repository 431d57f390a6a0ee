namespace KaTrace.Ring;

/// <summary>What <see cref="RingWait"/> asks of the system. Called once a wait, never once a record.</summary>
internal interface IRingPoll : IDisposable
{
    /// <summary>The time now, in the units of <see cref="System.Diagnostics.Stopwatch"/>.</summary>
    long Timestamp { get; }

    /// <summary>Sleeps until the ring holds data that the consumer's position does not cover, until
    /// <see cref="Interrupt"/>, or for <paramref name="timeoutMs"/>. May return early.</summary>
    /// <returns>True if the ring has data.</returns>
    bool WaitForRing(int timeoutMs);

    /// <summary>Sleeps for a time, or until <see cref="Interrupt"/>, whatever the ring does. May return early.</summary>
    void Sleep(long nanoseconds);

    /// <summary>Ends the sleep under way, or the next one. Any thread may call it, even after disposal.</summary>
    void Interrupt();
}
