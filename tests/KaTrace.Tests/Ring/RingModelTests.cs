using CsCheck;
using KaTrace.Ring;
using static KaTrace.Tests.Ring.RingReading;

namespace KaTrace.Tests.Ring;

/// <summary>Any order of reserves, commits, discards and reads against the plain rule: what is seen is the longest run of
/// committed records, in the order of their reservation, less the discarded ones.</summary>
public sealed class RingModelTests
{
    private const int Size = 1024;

    private enum Act
    {
        Reserve,
        Commit,
        Discard,
        Read,
    }

    [Fact]
    public void Every_committed_record_is_seen_exactly_once_and_in_order()
    {
        Gen<(Act Act, int Number)> step = Gen.Frequency(
            (5, Gen.Int[0, 200].Select(length => (Act.Reserve, length))),
            (4, Gen.Int[0, 50].Select(which => (Act.Commit, which))),
            (1, Gen.Int[0, 50].Select(which => (Act.Discard, which))),
            (3, Gen.Int[1, 12].Select(most => (Act.Read, most))));

        Gen.Select(Gen.Int[0, 2 * Size / 8], step.Array[0, 300]).Sample((start, steps) => Run((ulong)start * 8, steps));
    }

    private static void Run(ulong start, (Act Act, int Number)[] steps)
    {
        using PlainRing ring = new(Size, start);
        RingPipeReader reader = new(ring.Memory, new RingWait(ring.Memory, new ScriptedPoll(ring)));
        List<Entry> entries = [];
        int seen = 0;

        foreach ((Act act, int number) in steps)
        {
            switch (act)
            {
                case Act.Reserve:
                    Reserve(ring, entries, number);
                    break;
                case Act.Read:
                    seen = ReadSome(reader, entries, seen, number);
                    break;
                default:
                    Finish(ring, entries, number, act == Act.Discard);
                    break;
            }
        }

        while (entries.Exists(entry => entry.IsBusy))
            Finish(ring, entries, 0, discard: false);
        seen = ReadSome(reader, entries, seen, int.MaxValue);
        Assert.Equal(entries.Count, seen);
        Assert.False(reader.TryRead(out _));
    }

    private static void Reserve(PlainRing ring, List<Entry> entries, int length)
    {
        if (ring.Reserve(length) is not { } position)
            return;
        byte[] payload = new byte[length];
        new Random(entries.Count).NextBytes(payload);
        ring.Fill(position, payload);
        entries.Add(new Entry(position, payload));
    }

    private static void Finish(PlainRing ring, List<Entry> entries, int which, bool discard)
    {
        List<Entry> busy = entries.FindAll(entry => entry.IsBusy);
        if (busy.Count == 0)
            return;
        Entry chosen = busy[which % busy.Count];
        chosen.IsBusy = false;
        chosen.IsDiscarded = discard;
        ring.Commit(chosen.Position, discard);
    }

    /// <returns>How many entries the model has behind it now.</returns>
    private static int ReadSome(RingPipeReader reader, List<Entry> entries, int seen, int most)
    {
        List<byte[]> expected = [];
        while (seen < entries.Count && !entries[seen].IsBusy && expected.Count < most)
        {
            if (!entries[seen].IsDiscarded)
                expected.Add(entries[seen].Payload);
            seen++;
        }

        if (!reader.TryRead(out var result))
        {
            Assert.Empty(expected);
            return seen;
        }

        Assert.Equal(expected, Take(reader, result, most));
        return seen;
    }

    private sealed class Entry(ulong position, byte[] payload)
    {
        public ulong Position => position;

        public byte[] Payload => payload;

        public bool IsBusy { get; set; } = true;

        public bool IsDiscarded { get; set; }
    }
}
