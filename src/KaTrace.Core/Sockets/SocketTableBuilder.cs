using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using KaTrace.Events;
using KaTrace.Processes;

namespace KaTrace.Sockets;

/// <summary>Makes a table of what the iterators write: first the sockets of each network namespace, then who holds them. What
/// comes or goes meanwhile is in it once or not at all, and never with the holders of another.</summary>
internal sealed class SocketTableBuilder
{
    private readonly SocketProof _proof;
    private readonly HashSet<uint> _visited = [];

    /// <summary>Index of the row by the kernel's address of the socket, which others may take over once it is gone.</summary>
    private readonly Dictionary<ulong, int> _rowOf = [];
    private readonly Dictionary<uint, int> _processOf = [];
    private readonly List<SocketProcess> _processes = [];
    private SocketRow[] _rows = new SocketRow[1024];
    private (int Row, SocketHolder Holder)[] _holders = new (int, SocketHolder)[1024];
    private int _rowCount;
    private int _holderCount;
    private int _process = -1;

    /// <param name="proof">Sockets of our own, which are no rows.</param>
    public SocketTableBuilder(SocketProof proof) => _proof = proof;

    /// <summary>A socket is held whose namespace was not visited: only a pass over all descriptors that writes their sockets too
    /// tells what it is.</summary>
    public bool MissesSockets { get; private set; }

    /// <summary>The next records are the sockets of this network namespace.</summary>
    public void BeginNamespace(uint netns) => _visited.Add(netns);

    /// <summary>The next records are all descriptors.</summary>
    public void BeginDescriptors()
    {
        MissesSockets = false;
        _holderCount = 0;
        foreach (ref SocketRow row in _rows.AsSpan(0, _rowCount))
            row.HolderCount = 0;
    }

    /// <summary>Takes the whole ones of these records.</summary>
    /// <returns>How many bytes they were.</returns>
    public int Add(ReadOnlySpan<byte> records)
    {
        int at = 0;
        while (records.Length - at >= sizeof(ushort))
        {
            ReadOnlySpan<byte> record = records[at..];
            int size = MemoryMarshal.Read<ushort>(record);
            if (size > record.Length)
                break;
            switch ((SocketRecordKind)record[sizeof(ushort)])
            {
                case SocketRecordKind.Socket:
                    AddSocket(in MemoryMarshal.AsRef<SocketRecord>(record));
                    break;
                case SocketRecordKind.Process:
                    AddProcess(in MemoryMarshal.AsRef<ProcessRecord>(record));
                    break;
                default:
                    AddHolder(in MemoryMarshal.AsRef<HolderRecord>(record));
                    break;
            }

            at += size;
        }

        return at;
    }

    /// <param name="clock">Of this kernel.</param>
    /// <param name="time">When the first record was read.</param>
    /// <param name="gaps">What could not be looked at, a sentence each.</param>
    public SocketTable Build(KernelClock clock, DateTimeOffset time, IReadOnlyList<string> gaps)
    {
        ArraySegment<SocketHolder> holders = GroupHolders();
        ArraySegment<SocketRow> rows = new(_rows, 0, _rowCount);
        ConnectionEnds.Link(rows);
        return new SocketTable(rows, holders, _processes, clock, time, gaps);
    }

    private void AddSocket(in SocketRecord record)
    {
        if (_proof.Takes(in record))
            return;
        // Older kernels show a socket twice where the table changes while it is read.
        if (_rowOf.TryGetValue(record.Sk, out int known) && IsSame(in _rows[known], in record))
            return;
        if (_rowCount == _rows.Length)
            Array.Resize(ref _rows, 2 * _rows.Length);
        _rowOf[record.Sk] = _rowCount;
        Fill(ref _rows[_rowCount++], in record);
    }

    /// <summary>Where the kernel cannot give cookies to sockets (before 5.12), most have none: then it is the same if it is at the same place.</summary>
    private static bool IsSame(in SocketRow row, in SocketRecord record) => row.Cookie != 0 || record.Cookie != 0
        ? row.Cookie == record.Cookie
        : row.Ino == record.Ino && row.Lport == record.Lport && row.Rport == record.Rport && row.Netns == record.Netns
            && ((ReadOnlySpan<byte>)row.Raddr).SequenceEqual(record.Raddr);

    private static void Fill(ref SocketRow row, in SocketRecord record)
    {
        row.Cookie = record.Cookie;
        row.Ino = record.Ino;
        row.CgroupId = record.CgroupId;
        row.Netns = record.Netns;
        row.Uid = record.Uid;
        row.Laddr = record.Laddr;
        row.Raddr = record.Raddr;
        row.Lport = record.Lport;
        row.Rport = record.Rport;
        row.Family = record.Family;
        row.State = record.State;
        row.Flags = record.Flags;
        row.Idle = record.Idle;
        row.Intvl = record.Intvl;
        row.UserTimeout = record.UserTimeout;
        row.Cnt = record.Cnt;
        row.Own = record.Own;
        row.ProbesOut = record.ProbesOut;
        row.Retransmits = record.Retransmits;
        row.Silent = record.Silent;
        row.Next = record.Next;
        row.OtherTimerNext = record.OtherTimerNext;
        row.OtherTimer = record.OtherTimer;
        row.Substate = record.Substate;
        row.PacketsOut = record.PacketsOut;
        row.RecvQueue = record.RecvQueue;
        row.SendQueue = record.SendQueue;
        row.Peer = row.Listener = -1;
    }

    private void AddProcess(in ProcessRecord record)
    {
        if (_processOf.TryGetValue(record.Tgid, out _process) && _processes[_process].Key.StartBoottimeNs == record.StartNs)
            return;
        _process = _processOf[record.Tgid] = _processes.Count;
        ReadOnlySpan<byte> comm = record.Comm;
        int end = comm.IndexOf((byte)0);
        _processes.Add(new SocketProcess(new ProcessKey(record.Tgid, record.StartNs), HostileText.Decode(end < 0 ? comm : comm[..end])));
    }

    private void AddHolder(in HolderRecord record)
    {
        if (!_rowOf.TryGetValue(record.Sk, out int index) || !IsSame(ref _rows[index], in record))
        {
            // Newer than the table, and no part of it; unless nobody has looked there.
            MissesSockets |= !_visited.Contains(record.Netns);
            return;
        }

        ref SocketRow row = ref _rows[index];
        if (record.Fd < 0)
            row.Flags |= SocketFlags.MptcpSubflow;
        if (_holderCount == _holders.Length)
            Array.Resize(ref _holders, 2 * _holders.Length);
        _holders[_holderCount++] = (index, new SocketHolder(_process, record.Fd));
        row.HolderCount++;
    }

    /// <summary>One that was accepted between the two looks has got its file since.</summary>
    private static bool IsSame(ref SocketRow row, in HolderRecord record)
    {
        if (row.Cookie != record.Cookie || (row.Ino != record.Ino && (row.Cookie == 0 || row.Ino != 0)))
            return false;
        if (row.Ino == 0 && record.Ino != 0)
        {
            row.Ino = record.Ino;
            row.Flags &= ~SocketFlags.Unaccepted;
        }

        return true;
    }

    /// <summary>Those of one socket side by side, in the order of pids, one for each process.</summary>
    private ArraySegment<SocketHolder> GroupHolders()
    {
        Span<SocketRow> rows = _rows.AsSpan(0, _rowCount);
        SocketHolder[] grouped = new SocketHolder[_holderCount];
        int next = 0;
        foreach (ref SocketRow row in rows)
        {
            row.FirstHolder = next;
            next += row.HolderCount;
            row.HolderCount = 0;
        }

        foreach ((int index, SocketHolder holder) in _holders.AsSpan(0, _holderCount))
        {
            ref SocketRow row = ref rows[index];
            grouped[row.FirstHolder + row.HolderCount++] = holder;
        }

        foreach (ref SocketRow row in rows)
        {
            if (row.HolderCount > 1)
                row.HolderCount = OneForEachProcess(grouped.AsSpan(row.FirstHolder, row.HolderCount));
        }

        return grouped;
    }

    private int OneForEachProcess(Span<SocketHolder> holders)
    {
        holders.Sort((a, b) => (PidOf(a), a.Fd).CompareTo((PidOf(b), b.Fd)));
        int count = 1;
        foreach (SocketHolder holder in holders[1..])
        {
            if (holder.Process != holders[count - 1].Process)
                holders[count++] = holder;
        }

        return count;
    }

    private uint PidOf(SocketHolder holder) => _processes[holder.Process].Key.Pid;
}
