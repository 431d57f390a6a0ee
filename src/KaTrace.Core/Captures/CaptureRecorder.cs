using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Google.Protobuf;
using KaTrace.Events;
using KaTrace.Interop;
using KaTrace.V1;

namespace KaTrace.Captures;

/// <summary>Writes a recording, on a thread of its own: takes blocks, compresses them, begins new files and deletes old ones.</summary>
/// <remarks>There are <see cref="Blocks"/> blocks in all, so that memory is bounded, however slow the disk is.</remarks>
internal sealed class CaptureRecorder : IDisposable
{
    private const int Blocks = 32;

    /// <summary>Parts of snapshots that wait to be written.</summary>
    private const int SnapshotParts = 4;

    /// <summary>Their command lines have 4 KiB at most.</summary>
    private const int ProcessesInBlock = 256;

    private readonly CaptureOptions _options;
    private readonly CaptureHeader _header;
    private readonly BlockingCollection<CaptureBlock> _free = [];
    /// <summary>Blocks, and parts of snapshots.</summary>
    private readonly BlockingCollection<object> _queue = [];
    private readonly SemaphoreSlim _snapshotRoom = new(SnapshotParts);
    private readonly Dictionary<CapturedName, CaptureProcess> _processes = [];
    private readonly Queue<string> _paths = [];
    private readonly Thread _thread;
    private CaptureFile _file;
    private CaptureEnd _summary = new();
    private long _fileBegun = Stopwatch.GetTimestamp();
    private long _lastSync = Stopwatch.GetTimestamp();
    private long _finished;
    private long _events;
    private long _bytes;
    private long _snapshotBytes;
    private ulong _omittedSnapshot;
    private bool _isUnsynced;
    private volatile uint _fileNumber;
    private volatile bool _isClosed;

    /// <param name="options">Where to.</param>
    /// <param name="header">For each file; number and times are filled in.</param>
    /// <exception cref="IOException">The first file cannot be made: one sentence says why.</exception>
    public CaptureRecorder(CaptureOptions options, CaptureHeader header)
    {
        (_options, _header) = (options, header);
        for (int i = 0; i < Blocks; i++)
            _free.Add(new CaptureBlock());
        _file = NextFile();
        _thread = new Thread(Run) { IsBackground = true, Name = "recorder" };
        _thread.Start();
    }

    /// <summary>Events written. Any thread may read it.</summary>
    public long Events => Volatile.Read(ref _events);

    /// <summary>Bytes written, in all files. Any thread may read it.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Nothing more is written: it failed, or is as large as it may be.</summary>
    public bool IsClosed => _isClosed;

    /// <summary>Why the recording could not go on; null if it could.</summary>
    public string? Failure { get; private set; }

    /// <summary>The file being written, or the last one.</summary>
    public string CurrentPath => _file.Path;

    /// <summary>So many, or the number of the file being written. Any thread may read it.</summary>
    public uint Files => _fileNumber;

    /// <summary>Called when another file of the rotation was begun, on the thread that writes.</summary>
    public Action? FileBegun { get; set; }

    /// <summary>A snapshot would have made the recording larger than it may be, and is not in it.</summary>
    public bool OmitsSnapshots => Volatile.Read(ref _omittedSnapshot) != 0;

    /// <summary>A block to fill; null while all are on their way.</summary>
    public CaptureBlock? TryTakeBlock() => _free.TryTake(out CaptureBlock? block) ? block : null;

    /// <summary>The same, and waits for one.</summary>
    public CaptureBlock? WaitForBlock() => _isClosed ? null : _free.Take();

    public void Write(CaptureBlock block) => _queue.Add(block);

    /// <summary>Waits while some are not written yet. Not to be called when the recording is completed.</summary>
    public void Write(SnapshotPart part)
    {
        _snapshotRoom.Wait();
        _queue.Add(part);
    }

    /// <summary>Writes what is still on its way, and the last block.</summary>
    public void Complete(CaptureEnd summary)
    {
        _summary = summary;
        Dispose();
    }

    public void Dispose()
    {
        if (!_queue.IsAddingCompleted)
            _queue.CompleteAdding();
        _thread.Join();
    }

    private void Run()
    {
        while (!_queue.IsCompleted)
        {
            if (!_queue.TryTake(out object? next, UntilSync()))
            {
                Try(SyncIfDue);
            }
            else if (next is CaptureBlock block)
            {
                Try(() => Write(block, block.Info));
                block.Clear();
                _free.Add(block);
            }
            else
            {
                Try(() => WriteNow((SnapshotPart)next));
                _snapshotRoom.Release();
            }
        }

        Try(() => EndFile(_summary));
        _file.Dispose();
    }

    private void Try(Action write)
    {
        if (_isClosed && Failure is not null)
            return;
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Fail(e);
        }
    }

    private void Write(CaptureBlock block, RecordsInfo info)
    {
        if (_isClosed)
            return;
        Learn(block);
        if (_options.Rotates && info.Records > 0 && IsFileFull())
        {
            EndFile(new CaptureEnd { Continued = true });
            _file.Dispose();
            _file = NextFile();
            FileBegun?.Invoke();
            WriteProcesses(_processes.Values);
        }
        else
        {
            WriteProcesses(block.Processes);
        }

        Append(BlockKind.Records, MemoryMarshal.AsBytes(new ReadOnlySpan<RecordsInfo>(in info)), block.Body, in info);
        SyncIfDue();
    }

    /// <summary>What was written last must not wait for what comes next, as nothing may.</summary>
    private TimeSpan UntilSync()
    {
        if (_options.SyncEvery is not { } every || !_isUnsynced || _isClosed)
            return System.Threading.Timeout.InfiniteTimeSpan;
        TimeSpan left = every - Stopwatch.GetElapsedTime(_lastSync);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private void SyncIfDue()
    {
        if (_options.SyncEvery is not { } every || !_isUnsynced || Stopwatch.GetElapsedTime(_lastSync) < every)
            return;
        _file.Sync();
        _lastSync = Stopwatch.GetTimestamp();
        _isUnsynced = false;
    }

    /// <summary>A snapshot is whole, or of no use: nothing is written of one for the file before, or behind a part that was left out.</summary>
    private void WriteNow(SnapshotPart part)
    {
        if (_isClosed || part.File != _fileNumber || part.Info.BegunNs == _omittedSnapshot)
            return;
        int length = _file.Prepare(BlockKind.Snapshot, MemoryMarshal.AsBytes(new ReadOnlySpan<SnapshotInfo>(in part.Info)), part.Body);
        if (IsTooMuch(length))
        {
            Volatile.Write(ref _omittedSnapshot, part.Info.BegunNs);
            return;
        }

        _file.WritePrepared(length);
        _isUnsynced = true;
        _snapshotBytes += length;
        SyncIfDue();
        Volatile.Write(ref _bytes, _finished + _file.Length);
    }

    /// <summary>For the next file of a rotation, which stands alone.</summary>
    private void Learn(CaptureBlock block)
    {
        if (!_options.Rotates)
            return;
        if (block.ForgetsProcesses)
            _processes.Clear();
        foreach (CaptureProcess process in block.Processes)
            _processes[CapturedName.Of(new(process.Process.Pid, process.Process.StartBoottimeNs), process.Comm.Span)] = process;
    }

    private void WriteProcesses(IEnumerable<CaptureProcess> processes)
    {
        foreach (CaptureProcess[] some in processes.Chunk(ProcessesInBlock))
            Append(BlockKind.Processes, [], new CaptureProcesses { Process = { some } }.ToByteArray());
    }

    private void Append(BlockKind kind, ReadOnlySpan<byte> info, ReadOnlySpan<byte> body, in RecordsInfo records = default)
    {
        int length = _file.Prepare(kind, info, body);
        _isClosed |= IsTooMuch(length);
        if (_isClosed)
            return;
        _file.WritePrepared(length, in records);
        _isUnsynced = true;
        Volatile.Write(ref _bytes, _finished + _file.Length);
        Volatile.Write(ref _events, _events + records.Records);
    }

    private bool IsTooMuch(int length) => _finished + _file.Length + length + _file.RoomForEnd > _options.MaxSize;

    /// <summary>Without snapshots: the one that a file begins with may alone be larger, and then each event would begin a file.</summary>
    private bool IsFileFull() =>
        _file.Length - _snapshotBytes >= _options.RotateSize || Stopwatch.GetElapsedTime(_fileBegun) >= _options.RotateTime;

    private CaptureFile NextFile()
    {
        _header.FileNumber++;
        _header.BegunMonotonicNs = RealtimeOffset.MonotonicNs;
        _header.RealtimeOffsetNs = new RealtimeOffset().Ns;
        _fileBegun = Stopwatch.GetTimestamp();
        _snapshotBytes = 0;
        _fileNumber = _header.FileNumber;
        string path = _options.Rotates ? NumberedPath(_header.FileNumber) : _options.Path;
        try
        {
            CaptureFile file = CaptureFile.Create(path, _header, _options.Compression);
            _paths.Enqueue(path);
            while (_paths.Count > _options.Keep)
                File.Delete(_paths.Dequeue());
            return file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"cannot make {path}: {FileTrouble.Reason(e)}", e);
        }
    }

    /// <summary>"trace.katrace" is continued as "trace-000002.katrace": names sort as the files follow.</summary>
    private string NumberedPath(uint number) => Path.Combine(
        Path.GetDirectoryName(_options.Path) ?? "",
        string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileNameWithoutExtension(_options.Path)}-{number:000000}{Path.GetExtension(_options.Path)}"));

    private void EndFile(CaptureEnd summary)
    {
        summary.EndedMonotonicNs = RealtimeOffset.MonotonicNs;
        _file.End(summary);
        _finished += _file.Length;
        Volatile.Write(ref _bytes, _finished);
        _file.Sync();
    }

    private void Fail(Exception e)
    {
        _isClosed = true;
        if (_options.Path == "-" && e.HResult == Libc.EPIPE)
            return; // whoever read it has had enough
        Failure = e.InnerException is null ? $"cannot write {_file.Path}: {FileTrouble.Reason(e)}; what is in it can be read" : e.Message;
        try
        {
            _file.End(new CaptureEnd());
        }
        catch (Exception again) when (again is IOException or ObjectDisposedException)
        {
            // It reads without, as a file that was cut.
        }
    }
}
