using System.Runtime.InteropServices;
using KaTrace.Processes;

namespace KaTrace.Events;

/// <summary>Holds back what repeats on a socket, probes and their answers, to tell it once with its number: within a window that
/// opens with the first that is held. What changes the state of a socket is never held; where something is held of that socket, all
/// that is held is told before it. So whoever knows of which sequence the first is that is held, knows what was told.</summary>
/// <remarks>By one thread. Memory is bounded: when more repeats than there is room for, the window ends early. Allocates nothing an event
/// once it has grown.</remarks>
internal sealed class EventAggregator(TimeSpan window)
{
    public const int MostHeld = 4096;

    /// <summary>What is told at once goes into one message, of which gRPC takes 4 MiB.</summary>
    private const int MostBytes = 2 << 20;

    /// <summary>Of an event without what is known of its process.</summary>
    private const int EventBytes = 300;

    public static readonly TimeSpan ShortestWindow = TimeSpan.FromMilliseconds(100);
    public static readonly TimeSpan LongestWindow = TimeSpan.FromHours(1);

    private readonly long _windowNs = window.Ticks * TimeSpan.NanosecondsPerTick;
    private readonly Dictionary<(ulong Socket, EventKind Kind), int> _index = [];
    private readonly List<Held> _held = [];
    private readonly List<(ulong Sequence, int Index)> _order = [];
    private int _bytes;

    public delegate void Teller(in EventRecord record, ProcessIdentity? process, Occurrence occurrence);

    public bool IsEmpty => _held.Count == 0;

    /// <summary>Of the first event that is held: all before it are told.</summary>
    public ulong FirstSequence => _held[0].FirstSequence;

    public static bool Repeats(EventKind kind) => kind is EventKind.Probe or EventKind.Answered or EventKind.LocalDrop;

    /// <exception cref="FormatException">It is too short or too long.</exception>
    public static TimeSpan CheckWindow(TimeSpan window) => window >= ShortestWindow && window <= LongestWindow
        ? window
        : throw new FormatException($"bad window {window.TotalSeconds:0.###} s: it is from {ShortestWindow.TotalSeconds:0.#} s to {LongestWindow.TotalHours:0} h");

    /// <summary>Time left of the window, at a time of CLOCK_MONOTONIC.</summary>
    public TimeSpan Left(ulong nowNs) => TimeSpan.FromTicks((_windowNs - (long)(nowNs - _held[0].Last.FirstNs)) / TimeSpan.NanosecondsPerTick);

    /// <summary>What is held has to be told before this event is told or held.</summary>
    public bool EndsBefore(in EventRecord record, ProcessIdentity? process)
    {
        if (IsEmpty)
            return false;
        if ((long)(record.TimeNs - _held[0].Last.FirstNs) >= _windowNs)
            return true;
        if (!Repeats(record.Kind))
            return Holds(in record, EventKind.Probe) || Holds(in record, EventKind.Answered) || Holds(in record, EventKind.LocalDrop);
        return _index.TryGetValue((record.Sk, record.Kind), out int known)
            ? !IsSame(in CollectionsMarshal.AsSpan(_held)[known], in record, process)
            : _held.Count == MostHeld || _bytes >= MostBytes;
    }

    /// <summary>Holds an event that <see cref="Repeats"/>.</summary>
    public void Hold(in EventRecord record, ProcessIdentity? process, ulong sequence)
    {
        if (!_index.TryGetValue((record.Sk, record.Kind), out int known))
        {
            _bytes += BytesOf(process);
            _index.Add((record.Sk, record.Kind), _held.Count);
            _held.Add(new Held { Record = record, Process = process, Last = new Occurrence(sequence, 1, record.TimeNs), FirstSequence = sequence });
            return;
        }

        ref Held held = ref CollectionsMarshal.AsSpan(_held)[known];
        _bytes += BytesOf(process) - BytesOf(held.Process);
        (held.Record, held.Process) = (record, process);
        held.Last = held.Last with { Sequence = sequence, Count = held.Last.Count + 1 };
    }

    /// <summary>Tells what is held, in the order of the last of each, and ends the window.</summary>
    public void Tell(Teller tell)
    {
        _order.Clear();
        foreach (ref readonly Held held in CollectionsMarshal.AsSpan(_held))
            _order.Add((held.Last.Sequence, _order.Count));
        _order.Sort();
        foreach ((_, int index) in _order)
        {
            ref readonly Held held = ref CollectionsMarshal.AsSpan(_held)[index];
            tell(in held.Record, held.Process, held.Last);
        }

        _held.Clear();
        _index.Clear();
        _bytes = 0;
    }

    private static int BytesOf(ProcessIdentity? process) => EventBytes + (process?.Proto.Length ?? 0);

    private bool Holds(in EventRecord record, EventKind kind) => _index.ContainsKey((record.Sk, kind));

    /// <summary>The kernel may have given the memory of a socket to another one, and an owner its socket to another process.</summary>
    private static bool IsSame(in Held held, in EventRecord record, ProcessIdentity? process)
    {
        ref readonly EventRecord known = ref held.Record;
        return held.Process?.Key == process?.Key
            && known.Generation == record.Generation && known.Netns == record.Netns && known.Lport == record.Lport && known.Rport == record.Rport
            && ((ReadOnlySpan<byte>)known.Laddr).SequenceEqual(record.Laddr) && ((ReadOnlySpan<byte>)known.Raddr).SequenceEqual(record.Raddr);
    }

    private struct Held
    {
        /// <summary>The last one.</summary>
        public EventRecord Record;

        /// <summary>Its owner.</summary>
        public ProcessIdentity? Process;

        /// <summary>Where it is, and how many they are.</summary>
        public Occurrence Last;

        public ulong FirstSequence;
    }
}
