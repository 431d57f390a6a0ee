using KaTrace.Captures;
using KaTrace.Hosts;

namespace KaTrace.Cli.Replaying;

/// <summary>A whole snapshot of a capture.</summary>
/// <param name="Look">What it holds.</param>
/// <param name="Info">When it was taken.</param>
/// <param name="File">In which of the captures, from 0.</param>
/// <param name="Name">Of that file.</param>
internal sealed record FoundSnapshot(IHostLook Look, SnapshotInfo Info, int File, string Name)
{
    public long EndedUnixNs => (long)Info.EndedNs + Info.RealtimeOffsetNs;
}
