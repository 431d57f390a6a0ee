using KaTrace.Captures;
using KaTrace.Events;
using KaTrace.Hosts;
using KaTrace.Knobs;
using KaTrace.Output;
using KaTrace.Processes;
using KaTrace.Sockets;

namespace KaTrace.Cli.Replaying;

/// <summary>A host at a moment of a capture. What its gaps say cannot be known is shown as unknown.</summary>
internal sealed class RecordedLook : IHostLook
{
    private readonly IHostLook _snapshot;
    private readonly IReadOnlyDictionary<ProcessKey, ProcessDetails> _details;
    private readonly bool _isOfSnapshot;

    /// <param name="found">The snapshot before it.</param>
    /// <param name="sockets">Of the snapshot, with the events since.</param>
    /// <param name="events">These.</param>
    /// <param name="atUnixNs">The moment.</param>
    /// <param name="cut">What is missing behind it, in one sentence; null: nothing.</param>
    public RecordedLook(FoundSnapshot found, RecordedSockets sockets, RecordedEvents events, long atUnixNs, string? cut)
    {
        (_snapshot, _details) = (found.Look, events.Details);
        _isOfSnapshot = atUnixNs == found.EndedUnixNs;
        DateTimeOffset time = DateTimeOffset.UnixEpoch.AddTicks(atUnixNs / TimeSpan.NanosecondsPerTick);
        KernelClock clock = new(found.Look.Table.Clock.Hz, found.Info.RealtimeOffsetNs);
        Table = NewTable(sockets, events.Names, (ulong)(atUnixNs - clock.RealtimeOffsetNs), clock, time, [.. found.Look.Table.Gaps, .. _isOfSnapshot ? [] : GapsOf(found, events, atUnixNs), .. cut is null ? (string[])[] : [cut]]);
    }

    public string NodeName => _snapshot.NodeName;

    public SocketTable Table { get; }

    public HostSettings ReadSettings() => _snapshot.ReadSettings();

    public ProgramLookup ReadPrograms(IReadOnlyList<SocketProcess> processes)
    {
        ProgramLookup known = _snapshot.ReadPrograms(_snapshot.Table.Processes);
        Dictionary<ProcessKey, ProcessDetails> details = [];
        HashSet<ProcessKey> go = [];
        foreach (SocketProcess process in processes)
        {
            // By now it may run another program than in the snapshot.
            if (known.Details(process) is { } before && before.Comm == process.Comm)
                details[process.Key] = before;
            if (known.RunsGo(process) && details.ContainsKey(process.Key))
                go.Add(process.Key);
            if (_details.TryGetValue(process.Key, out ProcessDetails? told) && told.Comm == process.Comm)
                details[process.Key] = told;
        }

        return new ProgramLookup(details, go.Contains);
    }

    /// <summary>No event tells how many there are.</summary>
    public DescriptorUse? ReadDescriptors(uint pid) => _isOfSnapshot ? _snapshot.ReadDescriptors(pid) : null;

    private SocketTable NewTable(RecordedSockets sockets, IReadOnlyDictionary<ProcessKey, string> names, ulong nowNs, KernelClock clock, DateTimeOffset time, IReadOnlyList<string> gaps)
    {
        List<SocketRow> rows = [];
        List<SocketHolder> holders = [];
        List<SocketProcess> processes = [.. _snapshot.Table.Processes.Select(process => process with { Comm = names.GetValueOrDefault(process.Key, process.Comm) })];
        Dictionary<ProcessKey, int> indexes = processes.Index().ToDictionary(one => one.Item.Key, one => one.Index);
        foreach (RecordedSocket socket in sockets.All)
        {
            // Half a minute, or a minute, is all that such a one lasts, and no event tells its end.
            if (!socket.Row.IsSocket && !_isOfSnapshot)
                continue;
            SocketRow row = _isOfSnapshot ? socket.Row : socket.At(nowNs, clock);
            (row.Peer, row.Listener, row.FirstHolder, row.HolderCount) = (-1, -1, holders.Count, socket.Holders.Count);
            foreach ((SocketProcess process, int fd) in socket.Holders)
            {
                if (!indexes.TryGetValue(process.Key, out int index))
                {
                    indexes.Add(process.Key, index = processes.Count);
                    processes.Add(process);
                }

                holders.Add(new SocketHolder(index, fd));
            }

            rows.Add(row);
        }

        SocketRow[] linked = [.. rows];
        ConnectionEnds.Link(linked);
        return new SocketTable(linked, holders.ToArray(), processes, clock, time, gaps);
    }

    private static IEnumerable<string> GapsOf(FoundSnapshot found, RecordedEvents events, long atUnixNs)
    {
        yield return $"the sockets of {RfcTime.Of(found.EndedUnixNs)}, with the events until {RfcTime.Of(atUnixNs)}: what makes no event is as it was then (sockets without keepalive, states), or unknown (queues, silence)";
        if (events.Lost > 0)
            yield return $"{CountText.Of((long)events.Lost, "event")} between the two are missing in the capture: what they told is not in this";
        if (events.HasGap)
            yield return "between the two a file is missing, or nothing was recorded for a time: what happened then is not in this";
        if (events.IsOfSomeKinds)
            yield return "the capture has some kinds of events only, by its filters: what others told is not in this";
    }
}
