namespace KaTrace.Server.Log;

/// <summary>Events of one segment, which stay where they are until <see cref="EventLog.Release"/>.</summary>
/// <param name="Segment">Null if there are none.</param>
/// <param name="First">Index of the first.</param>
/// <param name="End">Behind the last.</param>
internal readonly record struct LogSlice(LogSegment? Segment, int First, int End)
{
    /// <summary>Of the event behind the last.</summary>
    public ulong NextSequence => Segment!.FirstSequence + (uint)End;

    /// <summary>As many of its first events as fit into so many bytes, but one at least.</summary>
    public LogSlice Within(int bytes) => this with { End = Segment!.LastWithin(First, End, bytes) };
}
