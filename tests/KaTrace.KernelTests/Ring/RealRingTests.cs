using System.IO.Pipelines;
using KaTrace.Ring;

namespace KaTrace.KernelTests.Ring;

[Collection(nameof(WholeMachine))]
public sealed class RealRingTests
{
    private const long Records = 100_000_000;
    private const int Size = 4 << 20;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_hundred_million_records_all_arrive_once_whole_and_in_order(int producers)
    {
        using RingFill ring = new(Size);
        using CancellationTokenSource ends = new(Deadline);
        RecordCheck check = new(producers);
        long each = Records / producers;

        Exchange(ring, check, producers, each, ends, ring.Write);

        for (int i = 0; i < producers; i++)
            Assert.Equal(each, check.Done(i));
    }

    [Fact]
    public void Discarded_records_do_not_arrive_and_all_others_do()
    {
        const long Discarded = 3;
        const long Numbers = 600_002; // the last one is not discarded, and so ends the exchange
        using RingFill ring = new(Size);
        using CancellationTokenSource ends = new(Deadline);
        RecordCheck check = new(producers: 1, Discarded);

        Exchange(ring, check, 1, Numbers, ends, (producer, next, left) => next % Discarded == 0
            ? ring.WriteDiscarded(producer, next, 1)
            : ring.Write(producer, next, Math.Min(left, Discarded - next % Discarded)));

        Assert.Equal(Numbers, check.Done(0));
    }

    [Fact]
    public void Busy_records_are_met_and_none_is_handed_out()
    {
        Assert.SkipWhen(Environment.ProcessorCount < 2, "A program is not preempted: on its own core no record is seen busy.");
        using RingFill ring = new(4096);
        using CancellationTokenSource ends = new(Deadline);
        RecordCheck check = new(producers: 1);
        RingPipeReader reader = RingPipeReader.Open(ring.Fd, ring.Size);
        using CancellationTokenSource met = CancellationTokenSource.CreateLinkedTokenSource(ends.Token);
        long written = 0;
        Thread producer = Start("producer", ends, () =>
        {
            while (!met.IsCancellationRequested)
                written += ring.WriteHeld(0, written, 1);
        });
        try
        {
            // The scheduler may keep both on one core for a while.
            while (check.BusyStops < 100)
                Take(reader, check, ends.Token);

            met.Cancel();
            producer.Join();
            reader.Stop();
            Take(reader, check, ends.Token);
            Assert.Equal(written, check.Done(0));
        }
        finally
        {
            End(reader, ends, producer);
        }
    }

    [Fact]
    public void Each_of_many_single_records_reaches_a_reader_that_has_caught_up()
    {
        // A lost wake-up costs the 100 ms that a poll lasts at most: 20,000 of them would take half an hour. Pauses of 0 to
        // 3 ms lead through both states and all changes between them.
        const int Singles = 20_000;
        using RingFill ring = new(4096);
        using CancellationTokenSource ends = new(Deadline);
        RecordCheck check = new(producers: 1);
        using SemaphoreSlim taken = new(1);

        RingPipeReader reader = RingPipeReader.Open(ring.Fd, ring.Size);
        Thread producer = Start("producer", ends, () =>
        {
            using ManualResetEventSlim never = new();
            for (int i = 0; i < Singles; i++)
            {
                taken.Wait(ends.Token);
                if (i % 100 == 0)
                    never.Wait(i / 100 % 4, ends.Token);
                Assert.Equal(1, ring.Write(0, i, 1));
            }
        });
        try
        {
            for (long done = 0; done < Singles;)
            {
                Take(reader, check, ends.Token);
                for (long now = check.Done(0); done < now; done++)
                    taken.Release();
            }
        }
        finally
        {
            End(reader, ends, producer);
        }

        Assert.InRange(reader.Wait.WakeUps, 1, Singles);
        Assert.InRange(reader.Wait.ModeratedPeriods, 1, Singles);
    }

    /// <summary>Producers on threads of their own, which retry what did not fit; the reader on this one.</summary>
    private static void Exchange(
        RingFill ring,
        RecordCheck check,
        int producers,
        long each,
        CancellationTokenSource ends,
        Func<ulong, long, long, long> write)
    {
        RingPipeReader reader = RingPipeReader.Open(ring.Fd, ring.Size);
        Thread[] threads = [.. Enumerable.Range(0, producers).Select(id => StartProducer(id, each, ends, write))];

        try
        {
            while (Enumerable.Range(0, producers).Any(id => check.Done(id) < each))
                Take(reader, check, ends.Token);

            foreach (Thread thread in threads)
                thread.Join();

            // Nothing may be left, not even a record that came twice.
            reader.Stop();
            Assert.Equal(0, Take(reader, check, ends.Token));
        }
        finally
        {
            End(reader, ends, threads);
        }
    }

    /// <summary>No producer outlives the ring, whatever the reader found.</summary>
    private static void End(RingPipeReader reader, CancellationTokenSource ends, params Thread[] producers)
    {
        ends.Cancel();
        foreach (Thread producer in producers)
            producer.Join();
        reader.Complete();
    }

    /// <returns>The bytes consumed.</returns>
    private static int Take(RingPipeReader reader, RecordCheck check, CancellationToken ends)
    {
        ValueTask<ReadResult> read = reader.ReadAsync(ends);
        if (!read.IsCompletedSuccessfully)
            throw new TimeoutException("Not all records came.");
        ReadResult result = read.Result;
        int consumed = check.Take(result.Buffer.FirstSpan, out bool stoppedEarly);
        SequencePosition end = result.Buffer.GetPosition(consumed);
        reader.AdvanceTo(end, stoppedEarly ? end : result.Buffer.End);
        return consumed;
    }

    private static Thread StartProducer(
        int id, long count, CancellationTokenSource ends, Func<ulong, long, long, long> write) =>
        Start("producer", ends, () =>
        {
            for (long next = 0; next < count && !ends.IsCancellationRequested;)
            {
                long written = write((ulong)id, next, count - next);
                next += written;
                if (written == 0)
                    Thread.Yield();
            }
        });

    private static Thread Start(string name, CancellationTokenSource ends, Action produce)
    {
        Thread thread = new(() =>
        {
            try
            {
                produce();
            }
            catch (Exception)
            {
                // The reader then fails for want of records, instead of the process for an unhandled exception.
                ends.Cancel();
            }
        })
        {
            IsBackground = true,
            Name = name,
        };
        thread.Start();
        return thread;
    }
}
