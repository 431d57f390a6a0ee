using KaTrace.Events;
using KaTrace.Output;
using KaTrace.Processes;
using KaTrace.V1;

namespace KaTrace.Captures;

/// <summary>The pipeline's end of a recording: puts events into blocks, which a thread of the <see cref="CaptureRecorder"/> writes.</summary>
/// <remarks>Never waits for that thread: while it has all blocks, events are counted as lost. Allocates nothing an event.
/// Not thread-safe.</remarks>
internal sealed class CaptureWriter : IEventWriter
{
    private const ulong OldestNs = 1_000_000_000;

    /// <summary>Of so many it keeps in mind that the file has them.</summary>
    public const int MostProcesses = 16 * 1024;
    public const long MostProcessBytes = 16 * 1024 * 1024;

    private readonly CaptureRecorder _recorder;
    private readonly Dictionary<ProcessIdentity, ToldProcess> _known = [];
    private readonly Dictionary<CapturedName, ToldProcess> _told = [];
    private CaptureBlock? _block;
    private long _blocks;
    private ProcessIdentity? _last;
    private KernelClock _clock;
    private long _toldBytes;
    private bool _forgets;
    private ulong _notTaken;

    /// <summary>CLOCK_MONOTONIC, as far as events have come: an answer is told after later ones, when it was looked for.</summary>
    private ulong _nowNs;
    private ulong _openedNs;

    public CaptureWriter(CaptureRecorder recorder) => _recorder = recorder;

    /// <inheritdoc/>
    public void Write(in EventRecord record, ProcessIdentity? process, Occurrence occurrence, in KernelClock clock)
    {
        _clock = clock;
        _nowNs = Math.Max(_nowNs, record.TimeNs);
        if (_block is { } open && (open.IsFull || open.Info.LostNs != 0 || open.RealtimeOffsetNs != clock.RealtimeOffsetNs || IsOld(open, _nowNs)))
            Seal();
        if (!HasBlock(record.TimeNs))
        {
            NotTaken(1);
            return;
        }

        if (process is not null && !ReferenceEquals(process, _last) && !Tell(process, in record))
        {
            NotTaken(1);
            return;
        }

        _block!.Add(in record);
    }

    /// <inheritdoc/>
    public void WriteLost(Lost.Types.Place place, ulong count, ulong monotonicNs, ulong sequence, in KernelClock clock)
    {
        _clock = clock;
        if (_block is { } open && (open.RealtimeOffsetNs != clock.RealtimeOffsetNs || !open.CanAddLost(place, monotonicNs)))
            Seal();
        if (HasBlock(monotonicNs))
            _block!.AddLost(place, count, monotonicNs);
        else
            NotTaken(count);
    }

    /// <summary>Hands on what is older than a second. To be called now and then, as events may cease.</summary>
    public void SealIfOld(ulong nowNs)
    {
        if (_block is { } block && IsOld(block, nowNs))
            Seal();
    }

    /// <summary>Hands the last events on.</summary>
    public void Complete()
    {
        Seal();
        if (_notTaken > 0 && _recorder.WaitForBlock() is { } block)
        {
            Open(block);
            TellNotTaken(RealtimeOffset.MonotonicNs);
            Seal();
        }
    }

    /// <summary>What could not be written in time, in all.</summary>
    public ulong NotWritten { get; private set; }

    private void NotTaken(ulong events)
    {
        _notTaken += events;
        NotWritten += events;
    }

    private bool IsOld(CaptureBlock block, ulong nowNs) =>
        !block.IsEmpty && (block.Info.Records == 0 || nowNs >= _openedNs + OldestNs);

    /// <summary>Takes a block if there is none. What was not taken meanwhile is told first, in a block of its own.</summary>
    private bool HasBlock(ulong nowNs)
    {
        if (_block is not null)
            return true;
        if (_recorder.TryTakeBlock() is not { } block)
            return false;
        Open(block);
        if (_notTaken == 0)
            return true;
        TellNotTaken(nowNs);
        Seal();
        return HasBlock(nowNs);
    }

    private void Open(CaptureBlock block)
    {
        block.RealtimeOffsetNs = _clock.RealtimeOffsetNs;
        block.ForgetsProcesses = _forgets;
        _forgets = false;
        _block = block;
        _openedNs = _nowNs;
        _blocks++;
        _last = null;
    }

    private void TellNotTaken(ulong nowNs)
    {
        _block!.AddLost(Lost.Types.Place.Recorder, _notTaken, nowNs);
        _notTaken = 0;
    }

    private void Seal()
    {
        if (_block is { } block)
            _recorder.Write(block);
        _block = null;
    }

    /// <summary>Puts a process before the block, unless the file has it. A block's processes count for all of its records, so where
    /// more is known of one that has some there already, another block begins.</summary>
    private bool Tell(ProcessIdentity process, in EventRecord record)
    {
        if (!_known.TryGetValue(process, out ToldProcess? told) || told.IsReplaced)
        {
            CapturedName name = CapturedName.Of(in record);
            V1.Process message = EventMessage.ProcessOf(process);
            if (!_told.TryGetValue(name, out told) || !told.Says(message))
            {
                bool forget = _known.Count >= MostProcesses || _toldBytes >= MostProcessBytes;
                if (forget)
                    Forget();
                if (forget || told?.Block == _blocks)
                {
                    Seal();
                    if (!HasBlock(record.TimeNs))
                        return false;
                }

                told?.IsReplaced = true;
                _block!.Processes.Add(CapturedName.ToMessage(in record, message));
                _told[name] = told = new ToldProcess(message);
                _toldBytes += message.CalculateSize();
            }

            _known[process] = told;
        }

        told.Block = _blocks;
        _last = process;
        return true;
    }

    private void Forget()
    {
        _known.Clear();
        _told.Clear();
        _toldBytes = 0;
        _last = null;
        _forgets = true;
    }
}
