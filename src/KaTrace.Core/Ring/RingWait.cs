using System.Diagnostics;

namespace KaTrace.Ring;

/// <summary>How the reader of a ring waits, and so who pays for its wake-ups.</summary>
/// <remarks>
/// <para>A wake-up is paid by the traced program, within its own system call. The kernel sends one only if consumer_pos is the
/// start of the very record being committed: the reader has caught up, and presumably sleeps
/// (<c>bpf_ringbuf_commit</c>: <c>cons_pos == rec_pos</c>). So there are two ways to wait:</para>
/// <para><b>Quiet</b>: the full position is stored and the thread sleeps in poll(2); the next record wakes it at once.
/// <b>Moderated</b>, once wake-ups come faster than 500 a second: the position is held back so that no commit matches it, and
/// the thread comes back by itself after a short sleep. 2 ms without data end that.</para>
/// <para>Every position is held back while batches are being read, in either state, and the full one is stored only right
/// before poll(2): a reader that is awake needs no wake-up.</para>
/// <para>One thread waits. The counters and <see cref="ModeratedSleep"/> may be used from any.</para>
/// </remarks>
internal sealed class RingWait : IDisposable
{
    /// <summary>The longest that <see cref="ModeratedSleep"/> may be.</summary>
    public static readonly TimeSpan MaxModeratedSleep = TimeSpan.FromMilliseconds(1);

    /// <summary>Bytes by which a position is held back: an 8-byte header is the shortest record.</summary>
    /// <remarks>
    /// Why this is safe, and never matches a commit (kernel/bpf/ringbuf.c, 5.8 to 7.3): the kernel reads consumer_pos in three
    /// places and nowhere takes it for the start of a record. (1) <c>__bpf_ringbuf_reserve</c> only subtracts it, for the free
    /// space: 8 bytes fewer are free. (2) <c>ringbuf_avail_data_sz</c>, for poll and bpf_ringbuf_query, subtracts it too: a held
    /// back ring always polls as readable, which is why the full position is stored before poll(2). (3) The commit compares
    /// it, modulo the size, with the start of its record. The 8 bytes before position P belong to the last record read, which
    /// is committed; and a record that begins at P - 8 + size would have to end beyond P + size - 1, where (1) reserves
    /// nothing, neither under P - 8 nor under P. So going back from P to P - 8 is harmless as well.
    /// </remarks>
    private const ulong HeldBack = RingLayout.HeaderSize;

    // The kernel's wake-up is not lost if everything is in order, and this bounds the damage if something is not. Shorter ones were
    // half of what an idle agent cost.
    private const int PollTimeoutMs = 1000;

    // Wake-ups closer than this start moderation; as long without data ends it.
    private const long BurstNs = 2_000_000;

    // Shorter ones are not worth a system call (and the timer slack of a thread is 50 us): then no sleep at all.
    private const long ShortestSleepNs = 25_000;

    // A record is busy for as long as a BPF program fills it: microseconds, unless its CPU is taken away meanwhile.
    private const int BusyLooks = 32;
    private const int BusySpins = 4;
    private const long BusySleepNs = 50_000;

    private readonly RingMemory _memory;
    private readonly IRingPoll _poll;
    private long _moderatedSleepNs = 200_000;
    private long _sleepNs;
    private long _emptyNs;
    private long _lastWakeUp;
    private long _wakeUps;
    private long _sleeps;
    private long _moderatedPeriods;

    /// <param name="memory">Stays the caller's.</param>
    /// <param name="poll">Disposed with this.</param>
    public RingWait(RingMemory memory, IRingPoll poll)
    {
        _memory = memory;
        _poll = poll;

        // Not a wake-up, so the first real one is no burst.
        _lastWakeUp = poll.Timestamp - Stopwatch.Frequency;
    }

    /// <summary>Times that poll(2) found data in the ring: wake-ups that a traced program paid for.</summary>
    public long WakeUps => Volatile.Read(ref _wakeUps);

    /// <summary>Short sleeps, in which no program had to wake us.</summary>
    public long Sleeps => Volatile.Read(ref _sleeps);

    /// <summary>Times that moderation began.</summary>
    public long ModeratedPeriods => Volatile.Read(ref _moderatedPeriods);

    public bool IsModerated { get; private set; }

    /// <summary>The last wait was one of poll(2), a second or what was left of it, that found nothing.</summary>
    public bool WasQuiet { get; private set; }

    /// <summary>How long a sleep is while moderated, 200 us unless set: the added latency at worst. Shortened by itself while
    /// one sleep fills more than a quarter of the ring.</summary>
    public TimeSpan ModeratedSleep
    {
        get => TimeSpan.FromTicks(Volatile.Read(ref _moderatedSleepNs) / TimeSpan.NanosecondsPerTick);
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, MaxModeratedSleep);
            Volatile.Write(ref _moderatedSleepNs, value.Ticks * TimeSpan.NanosecondsPerTick);
        }
    }

    /// <summary>Gives the ring's space before <paramref name="position"/> back, but for the bytes held back.</summary>
    public void GiveBack(ulong position) =>
        _memory.WriteConsumerPosition(Math.Max(position, HeldBack) - HeldBack);

    /// <summary>Gives all the space back. A reader that leaves owes this to the next one, which starts at consumer_pos.</summary>
    public void GiveBackAll(ulong position) => _memory.WriteConsumerPosition(position);

    /// <summary>Waits once for the producer to pass <paramref name="position"/>: at most one system call, and it may return
    /// without data. To be called after a look at the ring that showed nothing, until one shows something.</summary>
    public void ForData(ulong position)
    {
        WasQuiet = false;
        if (IsModerated)
            WaitModerated(position);
        else
            WaitQuiet(position);
    }

    /// <summary>Waits once for the record at <paramref name="position"/> to be committed: a few looks, then one short sleep.
    /// A commit moves no position and a ring with a busy record polls as readable, so poll(2) cannot wait for this.</summary>
    public void ForHeader(ulong position)
    {
        for (int look = 0; look < BusyLooks; look++)
        {
            if (!RingLayout.IsBusy(_memory.ReadHeader(position)))
                return;
            Thread.SpinWait(BusySpins);
        }

        Sleep(BusySleepNs);
    }

    /// <summary>Waits once for the producer to move, while unread data keeps poll(2) from waiting: one short sleep.</summary>
    public void ForMore() => Sleep(Volatile.Read(ref _moderatedSleepNs));

    /// <summary>Ends the wait under way, or the next one. Any thread may call it, even after disposal.</summary>
    public void Interrupt() => _poll.Interrupt();

    /// <inheritdoc/>
    public void Dispose() => _poll.Dispose();

    private void WaitQuiet(ulong position)
    {
        GiveBackAll(position);

        // The kernel stores producer_pos, then loads consumer_pos; we store and load the other way round. With a full fence in
        // both (theirs is the xchg of the commit) one of the two sees the other's store. Without ours, neither may: a lost wake-up.
        Thread.MemoryBarrier();
        if (_memory.ReadProducerPosition() != position)
            return;
        if (!_poll.WaitForRing(PollTimeoutMs))
        {
            WasQuiet = true;
            return;
        }

        Count(ref _wakeUps);
        long now = _poll.Timestamp;
        if (Stopwatch.GetElapsedTime(_lastWakeUp, now).Ticks * TimeSpan.NanosecondsPerTick < BurstNs)
            BeginModeration();
        _lastWakeUp = now;
    }

    private void BeginModeration()
    {
        IsModerated = true;
        _emptyNs = 0;
        _sleepNs = Volatile.Read(ref _moderatedSleepNs);
        Count(ref _moderatedPeriods);
    }

    private void WaitModerated(ulong position)
    {
        long slept = _sleepNs;
        if (slept > 0)
            Sleep(slept);

        ulong arrived = _memory.ReadProducerPosition() - position;
        _sleepNs = NextSleep(slept, arrived);
        _emptyNs = arrived == 0 ? _emptyNs + slept : 0;
        IsModerated = _emptyNs < BurstNs;
    }

    private long NextSleep(long slept, ulong arrived)
    {
        if (arrived > (ulong)_memory.Size / 4)
            return slept / 2 < ShortestSleepNs ? 0 : slept / 2;
        return Math.Min(Math.Max(slept * 2, ShortestSleepNs), Volatile.Read(ref _moderatedSleepNs));
    }

    private void Sleep(long nanoseconds)
    {
        _poll.Sleep(nanoseconds);
        Count(ref _sleeps);
    }

    // One writer, so no interlocked addition; readers want a whole value, not the newest.
    private static void Count(ref long counter) => Volatile.Write(ref counter, counter + 1);
}
