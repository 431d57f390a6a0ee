using Grpc.Core;
using KaTrace.Events;
using KaTrace.Filters;
using KaTrace.Output;
using KaTrace.Processes;
using KaTrace.Sockets;
using KaTrace.V1;

namespace KaTrace.Server.Streaming;

/// <summary>The sockets of one table on their way to a client.</summary>
/// <param name="table">Where they are.</param>
/// <param name="processes">Of the table, in its order.</param>
/// <param name="filters">Which are wanted.</param>
/// <param name="exact">They are to be made rows of again: see <see cref="ConnectionMessage"/>.</param>
internal sealed class Connections(SocketTable table, ProcessIdentity[] processes, FilterList filters, bool exact = false)
{
    /// <summary>Bytes of a message: by default any client takes far more, which one connection that many processes hold may need.</summary>
    private const int BatchBytes = 128 * 1024;

    public delegate bool RowCondition(in SocketRow row);

    /// <summary>Without what only events have.</summary>
    public static FilterList FiltersOf(FilterList filters)
    {
        FilterList left = filters.Clone();
        foreach (Filter filter in left.AllowList.Concat(left.DenyList))
        {
            filter.Kind.Clear();
            filter.MinUnanswered = 0;
        }

        // One that denied nothing but kinds denies no connection.
        foreach (Filter empty in left.DenyList.Where(filter => filter.CalculateSize() == 0).ToArray())
            left.DenyList.Remove(empty);
        return left;
    }

    /// <exception cref="RpcException">INVALID_ARGUMENT, with a sentence that names what cannot be.</exception>
    public static void Check(ListConnectionsRequest request)
    {
        try
        {
            EventFilter.Compile(request.Filters ?? new FilterList());
            foreach (Socket.Types.State state in request.States)
            {
                if (state == Socket.Types.State.Unspecified || !Enum.IsDefined(state))
                    throw new FilterException($"bad state {(int)state}: it is one of katrace.v1.Socket.State");
            }
        }
        catch (FilterException e)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, e.Message));
        }
    }

    public static RowCondition Wanted(ListConnectionsRequest request)
    {
        uint states = request.States.Aggregate(0u, (mask, state) => mask | 1u << (int)state);
        return (in row) => (states == 0 || (states >> (int)row.State & 1) != 0)
            && (!request.HasKeepaliveOn || (row.IsSocket && row.KeepaliveOn == request.KeepaliveOn));
    }

    public IEnumerable<ConnectionBatch> Batches(RowCondition wanted)
    {
        SocketFilter filter = new(filters, table, () => processes);
        ConnectionMessage messages = new(table, exact ? null : processes);
        ConnectionBatch batch = new();
        int bytes = 0;
        for (int i = 0; i < table.Rows.Length; i++)
        {
            if (!wanted(in table.Rows[i]) || !filter.Matches(in table.Rows[i]))
                continue;
            Connection message = messages.From(in table.Rows[i]);
            batch.Connections.Add(message);
            if ((bytes += message.CalculateSize()) < BatchBytes)
                continue;
            yield return batch;
            (batch, bytes) = (new ConnectionBatch(), 0);
        }

        if (batch.Connections.Count > 0)
            yield return batch;
    }
}
