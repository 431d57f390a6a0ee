using KaTrace.Benchmarks.Measuring;

namespace KaTrace.Benchmarks.Questions;

/// <summary>One side of a drain: a ring, what fills it on one core, and a process on the other that empties it and measures the
/// CPU time of only that.</summary>
internal sealed class Drain : IDisposable
{
    private const string Floor = "drain_floor";
    private const int RingBytes = 1 << 20;
    private const int WarmUps = 20;
    private const int Rounds = 400;

    private readonly EventFill _fill = new(RingBytes);
    private readonly Sample _nsPerRecord = new();
    private readonly Peer _reader;
    private readonly bool _readsRecords;

    private Drain(bool readsRecords, Func<int, Peer> start)
    {
        using SharedFd ring = new(_fill.RingFd);
        _reader = start(ring.Number);
        _readsRecords = readsRecords;
    }

    public double Median => _nsPerRecord.Median;

    public string Text => _nsPerRecord.Text("0.0");

    public static Drain Ours() => new(true, fd => Peer.StartOurs(1, Roles.Drain, fd, RingBytes));

    public static Drain OfPeer(string name) => new(name != Floor, fd => Peer.Start(1, name, fd, RingBytes));

    public static void Interleave(bool quick, params ReadOnlySpan<Drain> sides)
    {
        int warmUps = quick ? 1 : WarmUps;
        int rounds = quick ? 1 : Rounds;
        for (int round = 0; round < warmUps + rounds; round++)
        {
            foreach (Drain side in sides)
                side.Round(counts: round >= warmUps);
        }

        foreach (Drain side in sides)
            side._reader.Join();
    }

    public void Dispose()
    {
        _reader.Dispose();
        _fill.Dispose();
    }

    private void Round(bool counts)
    {
        EventFill.Filled filled = _fill.Fill();
        ulong[] answer = _reader.Ask(filled.Records);
        if (_readsRecords && (answer[0] != filled.Records || answer[1] != filled.Sum))
            throw new BenchmarkException($"{filled.Records} records were written and {answer[0]} read, or their sums differ");
        if (counts)
            _nsPerRecord.Add((double)answer[2] / filled.Records);
    }
}
