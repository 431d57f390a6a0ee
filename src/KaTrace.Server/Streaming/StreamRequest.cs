using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using KaTrace.Events;
using KaTrace.Filters;
using KaTrace.V1;

namespace KaTrace.Server.Streaming;

/// <summary>A <see cref="StreamEventsRequest"/> that was checked.</summary>
internal sealed record StreamRequest
{
    public required EventFilter Filter { get; init; }

    public bool IncludeSelf { get; init; }

    public FieldProjection? Fields { get; init; }

    public ulong Last { get; init; }

    /// <summary>Nanoseconds since the Unix epoch.</summary>
    public long? SinceNs { get; init; }

    public Position? After { get; init; }

    /// <summary>Nanoseconds since the Unix epoch.</summary>
    public long? UntilNs { get; init; }

    public bool NoFollow { get; init; }

    /// <summary>What repeats is told once in such a time; null: each time.</summary>
    public TimeSpan? Window { get; init; }

    /// <summary>The filters of the connections to begin with; null: the stream does not begin with them.</summary>
    public FilterList? Snapshot { get; init; }

    /// <exception cref="RpcException">INVALID_ARGUMENT, with a sentence that names what cannot be.</exception>
    public static StreamRequest Check(StreamEventsRequest request)
    {
        int starts = (request.Last > 0 ? 1 : 0) + (request.Since is null ? 0 : 1) + (request.After is null ? 0 : 1) + (request.Snapshot ? 1 : 0);
        if (starts > 1)
            throw Bad("at most one of 'last', 'since', 'after' and 'snapshot' may be set: each says where the stream begins");
        if (request.After is { InstanceId: "" })
            throw Bad("'after' needs the instance_id that came with its sequence");
        if (request.After is { ToldSequence: > 0 } && request.Aggregation is null)
            throw Bad("'after' has a told_sequence, which only a stream with 'aggregation' gives: it cannot go on without");
        try
        {
            StreamRequest check = new()
            {
                Filter = EventFilter.Compile(request.Filters ?? new FilterList()),
                IncludeSelf = request.IncludeSelf,
                Fields = FieldProjection.Of(request.FieldMask),
                Last = request.Last,
                SinceNs = UnixNs(request.Since, "since"),
                After = request.After,
                UntilNs = UnixNs(request.Until, "until"),
                NoFollow = request.NoFollow,
                Window = request.Aggregation is { } aggregation ? EventAggregator.CheckWindow((aggregation.Window ?? new Duration()).ToTimeSpan()) : null,
                Snapshot = request.Snapshot ? Connections.FiltersOf(request.Filters ?? new FilterList()) : null,
            };
            return check.UntilNs < check.SinceNs ? throw Bad("'until' is before 'since'") : check;
        }
        catch (Exception e) when (e is FilterException or FormatException)
        {
            throw Bad(e.Message);
        }
        catch (Exception e) when (e is InvalidOperationException or OverflowException)
        {
            throw Bad("the window of 'aggregation' is no duration");
        }
    }

    private static long? UnixNs(Timestamp? time, string name)
    {
        if (time is null)
            return null;
        // Years 1 to 9999 are valid; nanoseconds in 64 bits reach from 1677 to 2262.
        const long MostSeconds = 9_223_372_036;
        if (time.Nanos is < 0 or > 999_999_999 || time.Seconds is <= -MostSeconds or >= MostSeconds)
            throw new FormatException($"'{name}' is no time that an event can have");
        return (time.Seconds * 1_000_000_000) + time.Nanos;
    }

    private static RpcException Bad(string sentence) => new(new Status(StatusCode.InvalidArgument, sentence));
}
