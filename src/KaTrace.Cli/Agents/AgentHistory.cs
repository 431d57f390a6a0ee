using Grpc.Core;
using KaTrace.Client;
using KaTrace.Explaining;
using KaTrace.Sockets;
using KaTrace.V1;

namespace KaTrace.Cli.Agents;

/// <summary>The events that an agent keeps.</summary>
/// <param name="agent">Not ours to dispose.</param>
/// <param name="within">It is asked so long, at most.</param>
/// <param name="failed">Told in a sentence why they cannot be had; null: nobody is.</param>
internal sealed class AgentHistory(KatraceConnection agent, TimeSpan within, Action<string>? failed) : IEventHistory
{
    /// <summary>More than are wanted, as notices of loss count too, and some may be of another socket after all.</summary>
    private const int MostAsked = 100;

    public KeptEvents? Last(in SocketRow row, int count)
    {
        StreamEventsRequest request = new() { Filters = SocketEvents.FilterOf(in row), Last = MostAsked, NoFollow = true };
        if (request.Filters.AllowList.Count == 0) // it would let through the events of all sockets
            return null;
        KeptEvents? kept = AskAsync(request).GetAwaiter().GetResult();
        return kept is null ? null : kept with { Events = SocketEvents.Last(kept.Events, in row, count) };
    }

    private async Task<KeptEvents?> AskAsync(StreamEventsRequest request)
    {
        using CancellationTokenSource late = new(within);
        List<Event> events = [];
        DateTimeOffset? since = null;
        try
        {
            using AsyncServerStreamingCall<StreamEventsResponse> call = agent.Service.StreamEvents(request, cancellationToken: late.Token);
            while (events.Count <= MostAsked && await call.ResponseStream.MoveNext(late.Token).ConfigureAwait(false))
            {
                StreamEventsResponse response = call.ResponseStream.Current;
                if (response.Oldest?.Time is { } oldest)
                    since = Hosts.ReceivedValue.Time(oldest);
                foreach (Event one in response.Events?.Events ?? [])
                {
                    one.NodeName = response.NodeName;
                    events.Add(one);
                }
            }

            return new KeptEvents($"the agent at {agent.Address}", events, since);
        }
        catch (Exception e) when (e is RpcException or InvalidDataException)
        {
            failed?.Invoke(late.IsCancellationRequested ? $"the agent at {agent.Address} has not told its events within {within.TotalSeconds:0.#} s"
                : e is RpcException refused ? AgentTrouble.Sentence(agent.Address, refused) : $"the events of {agent.Address}: {e.Message}");
            return null;
        }
    }
}
