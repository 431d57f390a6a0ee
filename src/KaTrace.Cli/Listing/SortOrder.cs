using System.Buffers.Binary;
using System.Text;
using KaTrace.Events;
using KaTrace.Filters;
using KaTrace.Output;
using KaTrace.Sockets;

namespace KaTrace.Cli.Listing;

/// <summary>One column to sort by: numbers and addresses by value, all else by what is shown. What is unknown goes last.</summary>
internal sealed record SortOrder(ColumnId Column, bool Descending)
{
    /// <summary>"silent" or "-silent", several joined by commas.</summary>
    /// <exception cref="FilterException">There is no such column.</exception>
    public static IReadOnlyList<SortOrder> Parse(string text) =>
        [.. text.Split(',', StringSplitOptions.TrimEntries).Select(part => new SortOrder(Listing.Column.Parse(part.TrimStart('-')).Id, part.StartsWith('-')))];

    public static int[] Sort(int[] shown, SocketTable table, IReadOnlyList<SortOrder> orders, Cells cells)
    {
        IOrderedEnumerable<int>? sorted = null;
        byte[] buffer = new byte[Cells.MaxLength];
        foreach (SortOrder order in orders)
        {
            Func<int, Key> key = index => order.KeyOf(in table.Rows[index], table, cells, buffer);
            sorted = (sorted, order.Descending) switch
            {
                (null, false) => shown.OrderBy(key),
                (null, true) => shown.OrderByDescending(key),
                (_, false) => sorted.ThenBy(key),
                (_, true) => sorted.ThenByDescending(key),
            };
        }

        return sorted?.ToArray() ?? shown;
    }

    private Key KeyOf(in SocketRow row, SocketTable table, Cells cells, byte[] buffer)
    {
        ReadOnlySpan<SocketHolder> holders = table.HoldersOf(in row);
        return Column switch
        {
            ColumnId.Laddr => AddressKey(EndpointView.Local(in row)),
            ColumnId.Raddr => AddressKey(EndpointView.Remote(in row)),
            ColumnId.Lport => Number(row.Lport != 0, row.Lport),
            ColumnId.Rport => Number(row.Rport != 0, row.Rport),
            ColumnId.Idle => Number(row.IsSocket, row.Idle),
            ColumnId.Intvl => Number(row.IsSocket, row.Intvl),
            ColumnId.Cnt => Number(row.IsSocket, row.Cnt),
            ColumnId.Uto => Number(row.UserTimeout != 0, row.UserTimeout),
            ColumnId.Next => Number(row.AwaitsProbe, (uint)Math.Max(row.Next, 0)),
            ColumnId.Unans => Number(row is { KeepaliveOn: true, IsConnected: true }, row.ProbesOut),
            ColumnId.Silent => Number((row.Flags & SocketFlags.Silent) != 0, row.Silent),
            ColumnId.Pid => Number(!holders.IsEmpty, holders.IsEmpty ? 0 : table.Processes[holders[0].Process].Key.Pid),
            ColumnId.Fd => Number(!holders.IsEmpty && holders[0].Fd >= 0, holders.IsEmpty ? 0 : (uint)holders[0].Fd),
            ColumnId.Netns => Number(true, row.Netns),
            ColumnId.Uid => Number(row.KnowsUser, row.Uid),
            ColumnId.Cgroup => Number(row.CgroupId != 0, row.CgroupId),
            ColumnId.Cookie => Number(row.Cookie != 0, row.Cookie),
            ColumnId.Inode => Number(row.Ino != 0, row.Ino),
            ColumnId.RecvQ => Number(row.IsSocket && row.KnowsPassing, row.RecvQueue),
            ColumnId.SendQ => Number(row.IsSocket && row.KnowsPassing, row.SendQueue),
            ColumnId.Retrans => Number(row.IsSocket && row.KnowsPassing, row.Retransmits),
            _ => Shown(in row, cells, buffer),
        };
    }

    /// <summary>Unknown last, whichever way round.</summary>
    private Key Number(bool known, UInt128 value) => new(known != Descending, value, "");

    private Key AddressKey(EndpointView end)
    {
        if (!end.IsPresent)
            return Number(false, 0);
        return Number(true, end.IsIPv4 ? BinaryPrimitives.ReadUInt32BigEndian(end.Address) : BinaryPrimitives.ReadUInt128BigEndian(end.Address));
    }

    private Key Shown(in SocketRow row, Cells cells, byte[] buffer)
    {
        Utf8Cursor text = new(buffer);
        cells.Append(ref text, Column, in row);
        return new Key(text.Written is not [(byte)'-'] != Descending, 0, Encoding.UTF8.GetString(text.Written));
    }

    private readonly record struct Key(bool IsFirst, UInt128 Number, string Text) : IComparable<Key>
    {
        public int CompareTo(Key other)
        {
            int order = other.IsFirst.CompareTo(IsFirst);
            if (order == 0)
                order = Number.CompareTo(other.Number);
            return order != 0 ? order : string.CompareOrdinal(Text, other.Text);
        }
    }
}
