using KaTrace.Filters;
using KaTrace.Server.Log;

namespace KaTrace.Server.Streaming;

/// <summary>Which events one subscriber is to have, and what of them.</summary>
/// <param name="Filter">What it asked for.</param>
/// <param name="IncludeSelf">The agent's own connections too.</param>
/// <param name="Log">Knows them.</param>
/// <param name="Fields">What of each; null: all.</param>
internal sealed record StreamSelection(EventFilter Filter, bool IncludeSelf, EventLog Log, FieldProjection? Fields)
{
    /// <summary>By CLOCK_MONOTONIC: what happened until then is in the snapshot; 0: there is none.</summary>
    public ulong AfterNs { get; init; }

    /// <summary>Adds the runs of events that are wanted: one if all are, which costs next to nothing.</summary>
    /// <returns>How many events that are.</returns>
    public int Select(LogSlice slice, List<(int First, int End)> runs)
    {
        if (Filter.ShowsAll && AfterNs == 0 && (IncludeSelf || !slice.Segment!.HasOwn))
        {
            runs.Add((slice.First, slice.End));
            return slice.End - slice.First;
        }

        int count = 0, first = -1;
        for (int i = slice.First; i < slice.End; i++)
        {
            bool shown = Shows(slice.Segment!, i);
            if (shown && first < 0)
                first = i;
            else if (!shown && first >= 0)
                Add(runs, ref first, i);
            count += shown ? 1 : 0;
        }

        if (first >= 0)
            Add(runs, ref first, slice.End);
        return count;
    }

    public bool Shows(LogSegment segment, int index) => segment.IsLost(index)
        ? Filter.ShowsLost
        : segment.Record(index).TimeNs > AfterNs && (IncludeSelf || !Log.IsOwn(in segment.Record(index))) && Filter.Matches(in segment.Record(index), segment.Process(index));

    private static void Add(List<(int First, int End)> runs, ref int first, int end)
    {
        runs.Add((first, end));
        first = -1;
    }
}
