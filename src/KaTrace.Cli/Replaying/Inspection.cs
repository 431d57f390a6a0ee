using System.Globalization;
using System.Text;
using KaTrace.Captures;
using KaTrace.Cli.Filters;
using KaTrace.Events;
using KaTrace.Hosts;
using KaTrace.Output;
using KaTrace.Processes;
using KaTrace.Ring;
using KaTrace.Sockets;
using KaTrace.V1;

namespace KaTrace.Cli.Replaying;

/// <summary>Reads a capture to its end, and says what it found.</summary>
internal sealed class Inspection(Capture capture, TextWriter output)
{
    private readonly ulong[] _kinds = new ulong[byte.MaxValue + 1];
    private readonly ulong[] _lost = new ulong[LostByPlace.Length];
    private readonly List<(ulong Offset, uint Records)> _index = [];
    private ulong _events;
    private ulong _undecodable;
    private ulong _blocks;
    private ulong _snapshots;
    private ulong _snapshotParts;
    private SocketTable? _lastSnapshot;
    private long _firstNs = long.MaxValue;
    private long _lastNs = long.MinValue;

    /// <returns>Whether it is undamaged, which one that was cut is.</returns>
    public bool Run(bool listBlocks)
    {
        WriteHeader();
        SnapshotAssembly snapshots = new(capture);
        capture.OnSnapshot = (in info, read) => Note(in info, read(), snapshots, listBlocks);
        string integrity;
        bool undamaged = true;
        try
        {
            while (capture.TryReadRecords(out ReadOnlyMemory<byte> records))
            {
                Note(records.Span);
                if (listBlocks)
                    WriteBlock();
            }

            integrity = capture.End is null ? CutNotice.Of(capture)
                : IndexFits(capture.End) ? "whole: all checksums fit"
                : "whole, but its index is not of these blocks";
        }
        catch (InvalidDataException e)
        {
            integrity = e.Message;
            undamaged = false;
        }

        WriteContents();
        Line("integrity", integrity);
        return undamaged;
    }

    private void Note(ReadOnlySpan<byte> records)
    {
        _blocks++;
        if (_index.Count < CaptureFile.MostIndexed)
            _index.Add(((ulong)capture.BlockOffset, capture.Info.Records));
        _events += capture.Info.Records;
        for (int place = 0; place < LostByPlace.Length; place++)
            _lost[place] += capture.Info.Lost[place];

        FrameReader frames = new(records);
        while (frames.TryRead(out ReadOnlySpan<byte> frame))
        {
            if (!EventDecoder.TryDecode(frame, out EventView view))
            {
                _undecodable++;
                continue;
            }

            _kinds[(byte)view.Record.Kind]++;
            long unixNs = capture.Clock.ToUnixNs(view.Record.TimeNs);
            _firstNs = Math.Min(_firstNs, unixNs);
            _lastNs = Math.Max(_lastNs, unixNs);
        }
    }

    private void Note(in SnapshotInfo info, CaptureSnapshot part, SnapshotAssembly snapshots, bool list)
    {
        _snapshotParts++;
        if (list)
            WriteBlock(in info, part);
        if (!snapshots.TryAdd(in info, part, out IHostLook? look))
            return;
        _snapshots++;
        _lastSnapshot = look.Table;
    }

    private void WriteHeader()
    {
        CaptureHeader header = capture.Header;
        Line("file", capture.Name);
        Line("host", $"{Shown(header.NodeName)}, Linux {Shown(header.KernelRelease)}, {Shown(header.Architecture)}, {header.Hz} jiffies a second, boot {Shown(header.BootId)}");
        Line("recorded by", $"katrace {Shown(header.ToolVersion)}: {string.Join(", ", header.Backends.Select(Shown))}");
        Line("recording", $"{Shown(header.RecordingId)}, file {header.FileNumber}");
        Line("filters", header.Filters is null ? "none" : Shown(FilterOptions.ToJson(header.Filters)));
        Line("begun", Time(capture.Clock.ToUnixNs(header.BegunMonotonicNs)));
        Line("records", RecordLayouts.IsReadInPlace(header.Layout) ? $"{header.Layout.Size} bytes each" : $"{header.Layout.Size} bytes each, of another version: its fields are taken by their names");
    }

    private void WriteContents()
    {
        Line("blocks of records", $"{_blocks:N0}");
        Line("events", $"{_events:N0}{(_events == 0 ? "" : $", {(double)capture.Length / _events:N1} bytes of the file each")}");
        for (int kind = 0; kind < _kinds.Length; kind++)
        {
            if (_kinds[kind] > 0)
                Line($"  {Name(kind)}", $"{_kinds[kind]:N0}");
        }

        if (_undecodable > 0)
            Line("  of unknown kind", $"{_undecodable:N0}");
        if (_firstNs <= _lastNs)
            Line("time", $"{Time(_firstNs)} to {Time(_lastNs)}, {TimeText.Of(TimeSpan.FromTicks((_lastNs - _firstNs) / TimeSpan.NanosecondsPerTick))}");
        Line("snapshots", $"{_snapshots:N0}{(_snapshots == 0 ? "" : $" in {CountText.Of((long)_snapshotParts, "block")}, the last of {CountText.Of(_lastSnapshot!.Rows.Length, "socket")} at {Time(_lastSnapshot.TimeNs)}")}");
        string lost = string.Join(", ", _lost.Select((count, place) => (count, place)).Where(l => l.count > 0).Select(l => LostSentence.Of((Lost.Types.Place)l.place, l.count)));
        Line("lost", lost.Length == 0 ? "none" : lost);
    }

    private void WriteBlock(in SnapshotInfo info, CaptureSnapshot part) => Line(
        string.Create(CultureInfo.InvariantCulture, $"block at {capture.BlockOffset}"),
        string.Create(CultureInfo.InvariantCulture, $"part {info.Part} of the snapshot at {info.BegunNs} ns: {part.Host?.Processes.Count ?? 0} processes, {part.Connections.Count} sockets in {capture.BlockLength} bytes{(info.IsLast == 0 ? "" : "; its last")}"));

    private void WriteBlock() => Line(
        string.Create(CultureInfo.InvariantCulture, $"block at {capture.BlockOffset}"),
        string.Create(CultureInfo.InvariantCulture, $"{capture.Info.Records} records in {capture.BlockLength} bytes from {capture.Info.FirstNs} to {capture.Info.LastNs} ns"));

    private bool IndexFits(CaptureEnd end) =>
        end.Events == _events && (end.Block.Count == 0 || end.Block.Select(block => (block.Offset, block.Records)).SequenceEqual(_index));

    private void Line(string name, FormattableString value) => Line(name, value.ToString(CultureInfo.InvariantCulture));

    private void Line(string name, string value) => output.WriteLine($"{name,-18} {value}");

    private static string Name(int kind) => Encoding.UTF8.GetString(JsonNames.Kind(kind)).Trim('"');

    private static string Time(long unixNs) =>
        (DateTime.UnixEpoch + TimeSpan.FromTicks(unixNs / TimeSpan.NanosecondsPerTick)).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static string Shown(string hostile) => Encoding.UTF8.GetString(HostileText.ForTerminal(hostile));
}
