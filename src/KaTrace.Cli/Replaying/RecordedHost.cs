using KaTrace.Captures;
using KaTrace.Explaining;
using KaTrace.Hosts;
using KaTrace.Sockets;

namespace KaTrace.Cli.Replaying;

/// <summary>A host as captures have it at one moment: the last snapshot that had ended by then, with the events since.</summary>
/// <param name="open">Opens them, which are of one host: they are read twice, so that none may be a pipe.</param>
/// <param name="at">The moment, in nanoseconds since the Unix epoch, from that of the beginning of the first capture; null: their end.</param>
/// <param name="mayBePast">A moment behind the end is the end.</param>
internal sealed class RecordedHost(Func<CaptureFiles> open, Func<long, long>? at, bool mayBePast = false) : IHostSource, IEventHistory
{
    private long _atUnixNs = long.MaxValue;

    /// <param name="paths">None may be standard input.</param>
    /// <inheritdoc cref="RecordedHost(Func{CaptureFiles}, Func{long, long}?, bool)"/>
    public RecordedHost(IReadOnlyList<string> paths, Func<long, long>? at, bool mayBePast = false)
        : this(() => CaptureFiles.Open(paths), at, mayBePast)
    {
    }

    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="InvalidDataException">The captures do not have it: one sentence says why.</exception>
    public IHostLook Look(bool programs)
    {
        SnapshotSearch search = FindSnapshot();
        if (search.Found is not { } found)
            throw new InvalidDataException(search.WhyNone);

        _atUnixNs = search.AtUnixNs;
        RecordedSockets sockets = new(found.Look.Table, found.Info.BegunNs);
        RecordedEvents events = new(sockets, found.Info.BegunNs, search.AtUnixNs);
        using CaptureFiles files = open();
        foreach (Capture capture in files.Captures.Skip(found.File))
            events.Read(capture);
        return new RecordedLook(found, sockets, events, search.AtUnixNs, search.Cut);
    }

    /// <summary>Up to the moment that was looked at.</summary>
    public KeptEvents? Last(in SocketRow row, int count)
    {
        if (SocketEvents.FilterOf(in row).AllowList.Count == 0) // it would let through the events of all sockets
            return null;
        RecordedHistory history = new(in row, _atUnixNs);
        using CaptureFiles files = open();
        foreach (Capture capture in files.Captures)
            history.Read(capture);
        return new KeptEvents("the capture", SocketEvents.Last(history.Events, in row, count), Since: null);
    }

    public void Dispose()
    {
    }

    private SnapshotSearch FindSnapshot()
    {
        using CaptureFiles files = open();
        if (files.Captures.FirstOrDefault(capture => !capture.CanBeReadAgain) is { } pipe)
            throw new InvalidDataException($"{pipe.Name} is a pipe, and captures are read twice for that: write it to a file first");
        OneHost.Check(files.Captures);
        SnapshotSearch search = new(at?.Invoke(files.BegunUnixNs));
        foreach ((int file, Capture capture) in files.Captures.Index())
            search.Read(capture, file);
        search.End(mayBePast);
        return search;
    }
}
