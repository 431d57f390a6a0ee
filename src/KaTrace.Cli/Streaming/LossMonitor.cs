using KaTrace.Bpf;
using KaTrace.Events;
using KaTrace.V1;

namespace KaTrace.Cli.Streaming;

/// <summary>Knows what did not reach the stream, by place: the kernel's own counters and the decoder's.</summary>
internal sealed class LossMonitor(KeepaliveTracer tracer, EventPipeline pipeline)
{
    private static readonly Lost.Types.Place[] KernelPlaces =
        [Lost.Types.Place.KernelRing, Lost.Types.Place.SocketTable, Lost.Types.Place.CallTable, Lost.Types.Place.Identity];

    private readonly ulong[] _now = new ulong[KernelDropReasons.Count];
    private readonly ulong[] _known = new ulong[KernelDropReasons.Count + 1];
    private readonly List<(Lost.Types.Place Place, ulong Count)> _news = [];

    /// <summary>All so far, as of the last look; places without loss are left out.</summary>
    public IEnumerable<(Lost.Types.Place Place, ulong Count)> Total =>
        KernelPlaces.Append(Lost.Types.Place.Decoder).Zip(_known).Where(p => p.Second > 0);

    /// <summary>What has come since the last look. The list is reused.</summary>
    public IReadOnlyList<(Lost.Types.Place Place, ulong Count)> Look()
    {
        _news.Clear();
        tracer.ReadDrops(_now);
        for (int reason = 0; reason < KernelPlaces.Length; reason++)
            Note(reason, KernelPlaces[reason], _now[reason]);
        Note(KernelPlaces.Length, Lost.Types.Place.Decoder, pipeline.Undecodable);
        return _news;
    }

    private void Note(int index, Lost.Types.Place place, ulong now)
    {
        if (now > _known[index])
            _news.Add((place, now - _known[index]));
        _known[index] = now;
    }
}
