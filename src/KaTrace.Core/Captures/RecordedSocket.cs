using KaTrace.Events;
using KaTrace.Processes;
using KaTrace.Sockets;

namespace KaTrace.Captures;

/// <summary>One socket as a capture last told of it.</summary>
internal sealed class RecordedSocket
{
    private const SocketFlags OfEvents = SocketFlags.Keepalive | SocketFlags.Kernel | SocketFlags.Orphan | SocketFlags.Silent | SocketFlags.Next;

    private SocketRow _row;
    private ulong _toldNs;
    private ulong? _heardNs;

    /// <summary>One that an event is the first to tell of.</summary>
    public RecordedSocket() => _row = new SocketRow { Unknown = SocketUnknown.User };

    /// <param name="row">Of a snapshot.</param>
    /// <param name="toldNs">CLOCK_MONOTONIC of that.</param>
    public RecordedSocket(in SocketRow row, ulong toldNs) => (_row, _toldNs) = (row, toldNs);

    public ref readonly SocketRow Row => ref _row;

    /// <summary>Who holds it, as far as known: the first stands for it.</summary>
    public List<(SocketProcess Process, int Fd)> Holders { get; } = [];

    /// <summary>Among the others; for <see cref="RecordedSockets"/>.</summary>
    public LinkedListNode<RecordedSocket>? Place { get; set; }

    public void Apply(in EventRecord record, ProcessIdentity? owner)
    {
        _toldNs = record.TimeNs;
        (_row.Cookie, _row.Netns) = (record.Cookie != 0 ? record.Cookie : _row.Cookie, record.Netns);
        (_row.Laddr, _row.Raddr, _row.Lport, _row.Rport, _row.Family, _row.State) = (record.Laddr, record.Raddr, record.Lport, record.Rport, record.Family, record.State);
        (_row.Idle, _row.Intvl, _row.Cnt, _row.UserTimeout, _row.Own) = (record.Idle, record.Intvl, record.Cnt, record.UserTimeout, record.Own);
        (_row.ProbesOut, _row.Silent, _row.Next) = (record.ProbesOut, record.Silent, int.CreateSaturating(record.Next));
        _row.CgroupId = record.CgroupId != 0 ? record.CgroupId : _row.CgroupId;
        _row.Flags = (_row.Flags & ~OfEvents) | FlagsOf(in record);
        if (record.Ino != 0)
        {
            _row.Ino = record.Ino;
            _row.Flags &= ~SocketFlags.Unaccepted;
        }

        ApplyOwner(in record, owner);
    }

    /// <summary>A later event says when the peer was last heard before it.</summary>
    public void Witness(ulong heardNs) => _heardNs = Math.Min(_heardNs ?? ulong.MaxValue, heardNs);

    /// <summary>As of a moment that is not before the last event.</summary>
    /// <param name="nowNs">CLOCK_MONOTONIC.</param>
    /// <param name="clock">Of the host.</param>
    public SocketRow At(ulong nowNs, KernelClock clock)
    {
        if (nowNs <= _toldNs)
            return _row;
        SocketRow row = _row;
        row.Unknown |= SocketUnknown.Passing;
        row.Flags &= ~(SocketFlags.OtherTimer | SocketFlags.Probed | SocketFlags.Silent);
        (row.PacketsOut, row.RecvQueue, row.SendQueue, row.Retransmits, row.Probed, row.Silent, row.OtherTimer, row.OtherTimerNext) = (0, 0, 0, 0, 0, 0, 0, 0);
        if (_heardNs is { } heard && heard <= nowNs)
            (row.Flags, row.Silent) = (row.Flags | SocketFlags.Silent, uint.CreateSaturating(JiffiesOf(nowNs - heard, clock)));

        // It runs once it is due, whatever was heard meanwhile, and what it is set to then no event tells; who sets it before is told.
        ulong due = row.Next > 0 ? RecordedSockets.NsOf((uint)row.Next, clock) : 0, passed = nowNs - _toldNs;
        if ((row.Flags & SocketFlags.Next) != 0 && due > passed)
            row.Next = int.CreateSaturating(JiffiesOf(due - passed, clock));
        else
            (row.Flags, row.Next) = (row.Flags & ~SocketFlags.Next, 0);
        return row;
    }

    private void ApplyOwner(in EventRecord record, ProcessIdentity? owner)
    {
        if ((record.Holding & Holding.Orphan) != 0)
            Holders.Clear();
        if (owner is null)
            return;
        int index = Holders.FindIndex(holder => holder.Process.Key == owner.Key);
        int fd = record.Fd >= 0 ? record.Fd : index >= 0 ? Holders[index].Fd : -1;
        if (index >= 0)
            Holders.RemoveAt(index);
        if ((record.Holding & (Holding.Exited | Holding.Orphan)) != 0)
            return;
        Holders.Add((new SocketProcess(owner.Key, owner.Comm), fd));
        Holders.Sort((a, b) => a.Process.Key.Pid.CompareTo(b.Process.Key.Pid));
    }

    private static SocketFlags FlagsOf(in EventRecord record) =>
        ((record.Flags & EventFlags.Keepalive) != 0 ? SocketFlags.Keepalive : 0)
        | ((record.Flags & EventFlags.Kernel) != 0 ? SocketFlags.Kernel : 0)
        | ((record.Flags & EventFlags.Silent) != 0 ? SocketFlags.Silent : 0)
        | ((record.Flags & EventFlags.Next) != 0 ? SocketFlags.Next : 0)
        | ((record.Holding & Holding.Orphan) != 0 ? SocketFlags.Orphan : 0);

    private static ulong JiffiesOf(ulong ns, KernelClock clock) => (ulong)((UInt128)ns * clock.Hz / 1_000_000_000);
}
