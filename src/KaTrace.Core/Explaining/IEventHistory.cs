using KaTrace.Sockets;
using KaTrace.V1;

namespace KaTrace.Explaining;

/// <summary>Events of before: those that an agent keeps, those of a recording.</summary>
internal interface IEventHistory
{
    /// <summary>The latest of one socket; null where they cannot be had.</summary>
    KeptEvents? Last(in SocketRow row, int count);
}

/// <summary>Some of the events that are kept.</summary>
/// <param name="Keeper">"the agent at unix:/run/katrace/katrace.sock"; safe for a terminal.</param>
/// <param name="Events">Oldest first. They may be anybody's words.</param>
/// <param name="Since">The oldest event that is kept, of whatever socket, if there are fewer than were asked for; null: not known.</param>
internal sealed record KeptEvents(string Keeper, IReadOnlyList<Event> Events, DateTimeOffset? Since);
