using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
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
        int[] slots = new int[BitOperations.RoundUpToPowerOf2((uint)rows.Length * 2 + 2)];
        for (int i = 0; i < rows.Length; i++)
        {
            if (!IsConnection(in rows[i]))
                continue;
            int slot = Ends.Of(in rows[i]).Hash & (slots.Length - 1);
            while (slots[slot] != 0)
                slot = (slot + 1) & (slots.Length - 1);
            slots[slot] = i + 1;
        }

        for (int i = 0; i < rows.Length; i++)
        {
            if (IsConnection(in rows[i]) && rows[i].Peer < 0)
                LinkPeer(rows, slots, i);
        }
    }

    private static void LinkPeer(Span<SocketRow> rows, int[] slots, int index)
    {
        ref SocketRow row = ref rows[index];
        Ends ends = Ends.Of(in row);
        Matches here = Find(rows, slots, ends.Mirrored(), row.Netns);
        int peer = here.InNetns == 1 ? here.LastInNetns : -1;
        if (here.InNetns == 0 && here.Count == 1 && !ends.IsLoopback && Find(rows, slots, ends, row.Netns).Count == 1)
            peer = here.Last;
        if (peer < 0 || peer == index) // a socket may be connected to itself
            return;
        row.Peer = peer;
        rows[peer].Peer = index;
    }

    private static Matches Find(ReadOnlySpan<SocketRow> rows, int[] slots, in Ends ends, uint netns)
    {
        Matches found = new();
        for (int slot = ends.Hash & (slots.Length - 1); slots[slot] != 0; slot = (slot + 1) & (slots.Length - 1))
        {
            int index = slots[slot] - 1;
            ref readonly SocketRow row = ref rows[index];
            if (row.Lport != ends.Lport || row.Rport != ends.Rport || Ends.Of(in row) != ends)
                continue;
            found.Count++;
            found.Last = index;
            if (row.Netns == netns)
            {
                found.InNetns++;
                found.LastInNetns = index;
            }
        }

        return found;
    }

    private static void LinkListeners(Span<SocketRow> rows)
    {
        Dictionary<(uint Netns, ushort Port), List<int>> listeners = [];
        for (int i = 0; i < rows.Length; i++)
        {
            if (rows[i].State != TcpState.Listen)
                continue;
            ref List<int>? same = ref CollectionsMarshal.GetValueRefOrAddDefault(listeners, (rows[i].Netns, rows[i].Lport), out _);
            (same ??= []).Add(i);
        }

        foreach (ref SocketRow row in rows)
        {
            if ((row.IsConnected || row.State is TcpState.SynRecv or TcpState.NewSynRecv) && listeners.TryGetValue((row.Netns, row.Lport), out List<int>? candidates))
                row.Listener = ListenerOf(rows, in row, candidates);
        }
    }

    /// <summary>The kernel too takes one of the address before one of all addresses.</summary>
    private static int ListenerOf(ReadOnlySpan<SocketRow> rows, in SocketRow row, List<int> candidates)
    {
        int any = -1;
        foreach (int index in candidates)
        {
            ref readonly SocketRow listener = ref rows[index];
            if (listener.Family != row.Family)
                continue;
            ReadOnlySpan<byte> address = listener.Laddr;
            if (address.SequenceEqual(row.Laddr))
                return index;
            if (any < 0 && !address.ContainsAnyExcept((byte)0))
                any = index;
        }

        return any;
    }

    private static bool IsConnection(in SocketRow row) => row.IsConnected || row.State is TcpState.SynSent or TcpState.SynRecv;

    private struct Matches
    {
        public int Count;
        public int Last;
        public int InNetns;
        public int LastInNetns;
    }

    /// <summary>Addresses and ports, IPv4 as IPv4-mapped: one side may be AF_INET6.</summary>
    private readonly record struct Ends(UInt128 Local, UInt128 Remote, ushort Lport, ushort Rport)
    {
        public int Hash
        {
            get
            {
                ulong mixed = ((ulong)Local ^ ((ulong)Remote * 3) ^ ((ulong)Lport << 16) ^ ((ulong)Rport << 40)) * 0x9E3779B97F4A7C15;
                return (int)(mixed >> 33);
            }
        }

        public bool IsLoopback => Local == UInt128.One || (uint)(Local >> 24) == 0x00ffff7f;

        public static Ends Of(in SocketRow row) =>
            new(Widen(row.Laddr, row.Family), Widen(row.Raddr, row.Family), row.Lport, row.Rport);

        public Ends Mirrored() => new(Remote, Local, Rport, Lport);

        private static UInt128 Widen(ReadOnlySpan<byte> address, byte family) => family == Libc.AF_INET
            ? new UInt128(0, 0xffff_0000_0000ul | BinaryPrimitives.ReadUInt32BigEndian(address))
            : BinaryPrimitives.ReadUInt128BigEndian(address);
    }
}
