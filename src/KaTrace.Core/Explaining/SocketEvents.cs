using KaTrace.Events;
using KaTrace.Output;
using KaTrace.Sockets;
using KaTrace.V1;

namespace KaTrace.Explaining;

/// <summary>Which events are of a socket. Early ones have no cookie, and those of a connection that nobody has taken yet no inode, so
/// that any of cookie, inode and ends may be all that tells.</summary>
internal static class SocketEvents
{
    /// <summary>Lets through all of them, and few others.</summary>
    public static FilterList FilterOf(in SocketRow row)
    {
        FilterList filters = new();
        if (row.Cookie != 0)
            filters.AllowList.Add(new Filter { Cookie = { row.Cookie } });
        if (row.Ino != 0)
            filters.AllowList.Add(new Filter { Inode = { row.Ino } });
        if (row is { Lport: not 0, Rport: not 0 })
        {
            filters.AllowList.Add(new Filter
            {
                Netns = { row.Netns },
                LocalPort = { row.Lport },
                RemotePort = { row.Rport },
                Ip = { AddressText.ToText(EndpointView.Remote(in row).Address) },
            });
        }

        return filters;
    }

    public static bool IsOf(Event one, in SocketRow row)
    {
        if (one.Socket is not { } socket || (socket.Netns != 0 && socket.Netns != row.Netns))
            return false;
        if (socket.Cookie != 0 && row.Cookie != 0)
            return socket.Cookie == row.Cookie;
        if (socket.Inode != 0 && row.Ino != 0)
            return socket.Inode == row.Ino;
        return row is { Lport: not 0, Rport: not 0 } && IsAt(socket.Local, EndpointView.Local(in row)) && IsAt(socket.Remote, EndpointView.Remote(in row));
    }

    /// <summary>The last of those that are of the socket, and the notices of loss among them.</summary>
    public static IReadOnlyList<Event> Last(IReadOnlyList<Event> events, in SocketRow row, int count)
    {
        List<Event> last = [], lost = [];
        for (int i = events.Count - 1; i >= 0 && count > 0; i--)
        {
            if (events[i].Kind == Event.Types.Kind.Lost)
            {
                lost.Add(events[i]);
            }
            else if (IsOf(events[i], in row))
            {
                last.AddRange(lost);
                last.Add(events[i]);
                lost.Clear();
                count--;
            }
        }

        last.Reverse();
        return last;
    }

    private static bool IsAt(Endpoint? end, EndpointView expected) => end is not null && end.Port == expected.Port && end.Address == AddressText.ToText(expected.Address);
}
