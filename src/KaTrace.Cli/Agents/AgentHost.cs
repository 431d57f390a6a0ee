using Grpc.Core;
using KaTrace.Client;
using KaTrace.Explaining;
using KaTrace.Hosts;
using KaTrace.Sockets;
using KaTrace.V1;

namespace KaTrace.Cli.Agents;

/// <summary>The host of an agent.</summary>
/// <param name="agent">Not ours to dispose.</param>
internal sealed class AgentHost(KatraceConnection agent) : IHostSource, IEventHistory
{
    /// <summary>Between two messages; the first comes when the agent has read all sockets.</summary>
    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(30);

    public IHostLook Look(bool programs) => LookAsync(programs).GetAwaiter().GetResult();

    public KeptEvents? Last(in SocketRow row, int count) =>
        new AgentHistory(agent, AnswersWithin, trouble => Console.Error.WriteLine($"katrace: {trouble}")).Last(in row, count);

    public void Dispose()
    {
    }

    private async Task<IHostLook> LookAsync(bool programs)
    {
        using CancellationTokenSource late = new(AnswersWithin);
        try
        {
            using AsyncServerStreamingCall<ListConnectionsResponse> call = agent.Service.ListConnections(
                new ListConnectionsRequest { Host = true, Programs = programs }, cancellationToken: late.Token);
            ReceivedHost host = new();
            bool isFirst = true;
            while (await call.ResponseStream.MoveNext(late.Token).ConfigureAwait(false))
            {
                late.CancelAfter(AnswersWithin);
                Take(call.ResponseStream.Current, host, isFirst);
                isFirst = false;
            }

            return host.Build();
        }
        catch (RpcException e)
        {
            throw new IOException(late.IsCancellationRequested
                ? $"the agent at {agent.Address} has not answered for {AnswersWithin.TotalSeconds:0} s"
                : AgentTrouble.Sentence(agent.Address, e), e);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{agent.Address} sends what no agent of katrace would: {e.Message}", e);
        }
    }

    private void Take(ListConnectionsResponse response, ReceivedHost host, bool isFirst)
    {
        if (response.Host is { } part)
            host.Add(part);
        else if (isFirst)
            throw new IOException($"the agent at {agent.Address} is too old for this: it lists sockets, but not what else is needed of its host; update it, or use 'katrace stream'");
        foreach (Connection connection in response.Connections)
            host.Add(connection);
    }
}
