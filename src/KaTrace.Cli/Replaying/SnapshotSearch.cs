using KaTrace.Captures;
using KaTrace.Hosts;
using KaTrace.Output;

namespace KaTrace.Cli.Replaying;

/// <summary>Finds in captures, read in their order, the last snapshot that had ended by some moment.</summary>
internal sealed class SnapshotSearch
{
    private readonly long? _askedUnixNs;
    private string? _damage;
    private long _endUnixNs = long.MinValue;
    private long _firstUnixNs = long.MaxValue;
    private string _names = "";

    /// <param name="atUnixNs">The moment; null: the end.</param>
    public SnapshotSearch(long? atUnixNs)
    {
        _askedUnixNs = atUnixNs;
        AtUnixNs = atUnixNs ?? long.MaxValue;
    }

    /// <summary>The moment; once all is read, that of the end if none was asked for.</summary>
    public long AtUnixNs { get; private set; }

    public FoundSnapshot? Found { get; private set; }

    /// <summary>What is missing where the moment is the end and the last file was cut; null: nothing.</summary>
    public string? Cut { get; private set; }

    /// <summary>Why there is none, in one sentence.</summary>
    public string WhyNone => _firstUnixNs == long.MaxValue
        ? $"there is no list of sockets in {_names}: 'katrace replay' shows the events"
        : $"the first list of sockets in {_names} is of {RfcTime.Of(_firstUnixNs)}: before it there is nothing to tell";

    /// <summary>The next file.</summary>
    public void Read(Capture capture, int file)
    {
        _names = _names.Length == 0 ? capture.Name : $"{_names}, {capture.Name}";
        SnapshotAssembly assembly = new(capture);
        capture.OnSnapshot = (in info, read) =>
        {
            if (assembly.TryAdd(in info, read(), out IHostLook? look))
                Take(new FoundSnapshot(look, info, file, capture.Name));
        };
        try
        {
            while (capture.TryReadRecords(out _))
            {
                if (capture.Info.Records > 0)
                    NoteTime(capture.Clock.ToUnixNs(capture.Info.LastNs));
            }
        }
        catch (InvalidDataException e)
        {
            _damage ??= e.Message;
        }

        Cut = _askedUnixNs is null && capture.End is null ? CutNotice.Of(capture) : null;

        if (capture.End is { EndedMonotonicNs: > 0 } end)
            NoteTime(capture.Clock.ToUnixNs(end.EndedMonotonicNs));
    }

    /// <summary>All files are read.</summary>
    /// <param name="mayBePast">A moment behind the end is the end.</param>
    /// <exception cref="InvalidDataException">The moment is behind the end, or behind damage.</exception>
    public void End(bool mayBePast)
    {
        if (_damage is not null && (_askedUnixNs is null || _askedUnixNs > _endUnixNs) && !mayBePast)
            throw new InvalidDataException(_endUnixNs == long.MinValue ? _damage : $"{_damage}; --at {RfcTime.Of(_endUnixNs)} is the last moment that can be told");
        if (_askedUnixNs > _endUnixNs && !mayBePast)
            throw new InvalidDataException($"{RfcTime.Of(_askedUnixNs.Value)} is behind the end of the capture, {RfcTime.Of(_endUnixNs)}");
        AtUnixNs = Math.Min(AtUnixNs, _endUnixNs);
    }

    private void Take(FoundSnapshot snapshot)
    {
        NoteTime(snapshot.EndedUnixNs);
        _firstUnixNs = Math.Min(_firstUnixNs, snapshot.EndedUnixNs);
        if (snapshot.EndedUnixNs <= AtUnixNs)
            Found = snapshot;
    }

    private void NoteTime(long unixNs) => _endUnixNs = Math.Max(_endUnixNs, unixNs);
}
