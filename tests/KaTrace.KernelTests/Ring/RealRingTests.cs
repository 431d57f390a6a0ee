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

        Exchange(ring, check, producers, each, ends, (producer, first, count) => ring.Write(producer, first, count));

        for (int i = 0; i < producers; i++)
            Assert.Equal(each, check.Done(i));
    }

    [Fact]
    public void Discarded_records_do_not_arrive_and_all_others_do()
    {
        const long Discarded = 3;
        const long Last = 1_000_000;
        using RingFill ring = new(Size);
        using CancellationTokenSource ends = new(Deadline);
        RecordCheck check = new(producers: 1, Discarded);

        Exchange(ring, check, 1, Last, ends,
            (producer, first, count) => ring.WriteDiscarding(producer, first, count, Discarded));

        Assert.Equal(Last, check.Done(0));
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
        long done = 0;
        while (done < Singles)
        {
            Take(reader, check, ends.Token);
            for (long now = check.Done(0); done < now; done++)
                taken.Release();
        }

        producer.Join();
        reader.Complete();
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
        Thread[] threads = [.. Enumerable.Range(0, producers).Select(id => Start("producer", ends, () =>
        {
            for (long next = 0; next < each && !ends.IsCancellationRequested;)
            {
                long written = write((ulong)id, next, each - next);
                next += written;
                if (written == 0)
                    Thread.Yield();
            }
        }))];

        while (Enumerable.Range(0, producers).Any(id => check.Done(id) < each))
            Take(reader, check, ends.Token);

        foreach (Thread thread in threads)
            thread.Join();

        // Nothing may be left, not even a record that came twice.
        reader.Stop();
        Assert.Equal(0, Take(reader, check, ends.Token));
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
