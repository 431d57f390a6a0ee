using System.Diagnostics;
using KaTrace.Ring;

namespace KaTrace.Tests.Ring;

/// <summary>A system that sleeps no time, and in which the test says what happens meanwhile.</summary>
internal sealed class ScriptedPoll(PlainRing ring) : IRingPoll
{
    private readonly long _ticksPerUs = Stopwatch.Frequency / 1_000_000;

    public long Timestamp { get; private set; } = Stopwatch.Frequency * 1000;

    public List<long> SleptNs { get; } = [];

    public int Polls { get; private set; }

    public int Interrupts { get; private set; }

    /// <summary>Happens in each poll of the ring, which then returns whether the ring has data, as the kernel's does.</summary>
    public Action? DuringPoll { get; set; }

    public Action? DuringSleep { get; set; }

    public void Pass(long microseconds) => Timestamp += microseconds * _ticksPerUs;

    public bool WaitForRing(int timeoutMs)
    {
        Polls++;
        DuringPoll?.Invoke();
        return ring.ProducerPosition != ring.ConsumerPosition;
    }

    public void Sleep(long nanoseconds)
    {
        SleptNs.Add(nanoseconds);
        Pass(nanoseconds / 1000);
        DuringSleep?.Invoke();
    }

    public void Interrupt() => Interrupts++;

    public void Dispose()
    {
    }
}
