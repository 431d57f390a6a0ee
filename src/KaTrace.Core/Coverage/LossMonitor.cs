using KaTrace.Bpf;
using KaTrace.Events;
using KaTrace.V1;

namespace KaTrace.Coverage;

/// <summary>Knows what did not reach the stream, by place: the kernel's own counters, the decoder's, and the numbers that the
/// kernel gives its records, which must agree with them.</summary>
internal sealed class LossMonitor(KeepaliveTracer tracer, EventPipeline pipeline)
{
    private static readonly Lost.Types.Place[] Places =
    [
        Lost.Types.Place.KernelRing, Lost.Types.Place.SocketTable, Lost.Types.Place.CallTable, Lost.Types.Place.Identity,
        Lost.Types.Place.Decoder, Lost.Types.Place.ProgramSkipped, Lost.Types.Place.Unexplained,
    ];

    private readonly ulong[] _now = new ulong[Places.Length];
    private readonly ulong[] _known = new ulong[Places.Length];
    private readonly List<(Lost.Types.Place Place, ulong Count)> _news = [];

    /// <summary>All so far, as of the last look; places without loss are left out.</summary>
    public IEnumerable<(Lost.Types.Place Place, ulong Count)> Total => Places.Zip(_known).Where(p => p.Second > 0);

    /// <summary>What has come since the last look. The list is reused. On the pipeline's thread.</summary>
    public IReadOnlyList<(Lost.Types.Place Place, ulong Count)> Look()
    {
        // Before the counters: what was missed by now was counted by then.
        ulong missing = pipeline.Sequences.Missing;
        tracer.ReadDrops(_now.AsSpan(0, KernelDropReasons.Count));
        _now[4] = pipeline.Undecodable;
        _now[5] = tracer.ReadSkipped();
        ulong explained = _now[0] + pipeline.Undecodable;
        _now[6] = missing > explained ? missing - explained : 0;
        _news.Clear();
        for (int i = 0; i < Places.Length; i++)
            Note(i, Places[i], _now[i]);
        return _news;
    }

    private void Note(int index, Lost.Types.Place place, ulong now)
    {
        if (now > _known[index])
            _news.Add((place, now - _known[index]));
        _known[index] = now;
    }
}
