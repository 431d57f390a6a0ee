using System.Buffers.Binary;
using System.Numerics;
using KaTrace.Events;
using KaTrace.Interop;

namespace KaTrace.Sockets;

/// <summary>Finds of each connection the other side, where it is on this host too, and the listener that it came in by.</summary>
internal static class ConnectionEnds
{
    public static void Link(Span<SocketRow> rows)
    {
        LinkPeers(rows);
        LinkListeners(rows);
    }

    /// <summary>The same ports and addresses the other way round, in the same network namespace. In another one only if they are
    /// there but once on the whole host, both ways: containers have the same addresses as others.</summary>
    private static void LinkPeers(Span<SocketRow> rows)
    {
        EndsIndex here = new(rows.Length, byNetns: true), anywhere = new(rows.Length, byNetns: false);
        for (int i = 0; i < rows.Length; i++)
        {
            if (!IsConnection(in rows[i]))
                continue;
            here.Add(rows, i);
            anywhere.Add(rows, i);
        }

        for (int i = 0; i < rows.Length; i++)
        {
            if (!IsConnection(in rows[i]) || rows[i].Peer >= 0)
                continue;
            int peer = PeerOf(rows, i, here, anywhere);
            if (peer < 0 || peer == i) // a socket may be connected to itself
                continue;
            rows[i].Peer = peer;
            rows[peer].Peer = i;
        }
    }

    private static int PeerOf(ReadOnlySpan<SocketRow> rows, int index, EndsIndex here, EndsIndex anywhere)
    {
        Ends ends = Ends.Of(in rows[index]), mirrored = ends.Mirrored();
        uint netns = rows[index].Netns;
        (int count, int peer) = here.Find(rows, in mirrored, netns);
        if (count > 0)
            return count == 1 ? peer : -1;
        (count, peer) = anywhere.Find(rows, in mirrored, netns);
        return count == 1 && !ends.IsLoopback && anywhere.Find(rows, in ends, netns).Count == 1 ? peer : -1;
    }

    private static void LinkListeners(Span<SocketRow> rows)
    {
        Dictionary<(uint Netns, ushort Port, byte Family, UInt128 Address), int> listeners = [];
        for (int i = 0; i < rows.Length; i++)
        {
            if (rows[i].State == TcpState.Listen)
                listeners.TryAdd((rows[i].Netns, rows[i].Lport, rows[i].Family, BinaryPrimitives.ReadUInt128BigEndian(rows[i].Laddr)), i);
        }

        foreach (ref SocketRow row in rows)
        {
            if (!row.IsConnected && row.State is not (TcpState.SynRecv or TcpState.NewSynRecv))
                continue;
            // The kernel too takes one of the address before one of all addresses.
            if (listeners.TryGetValue((row.Netns, row.Lport, row.Family, BinaryPrimitives.ReadUInt128BigEndian(row.Laddr)), out int listener)
                || listeners.TryGetValue((row.Netns, row.Lport, row.Family, UInt128.Zero), out listener))
            {
                row.Listener = listener;
            }
        }
    }

    private static bool IsConnection(in SocketRow row) => row.IsConnected || row.State is TcpState.SynSent or TcpState.SynRecv;

    /// <summary>Finds rows by their ends. Each pair of ends takes one slot, however many rows have it, and the hash is another one in
    /// each run: who chooses ends, by connecting from them or in a capture, cannot make it slow.</summary>
    private sealed class EndsIndex(int rows, bool byNetns)
    {
        private readonly (int Row, int Count)[] _slots = new (int, int)[BitOperations.RoundUpToPowerOf2((uint)rows * 2 + 2)];

        public void Add(ReadOnlySpan<SocketRow> rows, int index)
        {
            ref (int Row, int Count) slot = ref SlotOf(rows, Ends.Of(in rows[index]), rows[index].Netns);
            slot = (index, slot.Count + 1);
        }

        /// <returns>How many there are, and the last of them.</returns>
        public (int Count, int Last) Find(ReadOnlySpan<SocketRow> rows, in Ends ends, uint netns)
        {
            (int row, int count) = SlotOf(rows, in ends, netns);
            return (count, row);
        }

        private ref (int Row, int Count) SlotOf(ReadOnlySpan<SocketRow> rows, in Ends ends, uint netns)
        {
            int slot = HashCode.Combine(ends.Local, ends.Remote, ends.Lport, ends.Rport, byNetns ? netns : 0) & (_slots.Length - 1);
            while (_slots[slot].Count > 0 && !IsOf(in rows[_slots[slot].Row], in ends, netns))
                slot = (slot + 1) & (_slots.Length - 1);
            return ref _slots[slot];
        }

        private bool IsOf(in SocketRow row, in Ends ends, uint netns) =>
            row.Lport == ends.Lport && row.Rport == ends.Rport && (!byNetns || row.Netns == netns) && Ends.Of(in row) == ends;
    }

    /// <summary>Addresses and ports, IPv4 as IPv4-mapped: one side may be AF_INET6.</summary>
    private readonly record struct Ends(UInt128 Local, UInt128 Remote, ushort Lport, ushort Rport)
    {
        public bool IsLoopback => Local == UInt128.One || (uint)(Local >> 24) == 0x00ffff7f;

        public static Ends Of(in SocketRow row) =>
            new(Widen(row.Laddr, row.Family), Widen(row.Raddr, row.Family), row.Lport, row.Rport);

        public Ends Mirrored() => new(Remote, Local, Rport, Lport);

        private static UInt128 Widen(ReadOnlySpan<byte> address, byte family) => family == Libc.AF_INET
            ? new UInt128(0, 0xffff_0000_0000ul | BinaryPrimitives.ReadUInt32BigEndian(address))
            : BinaryPrimitives.ReadUInt128BigEndian(address);
    }
}
