using System.Text;
using KaTrace.Events;
using KaTrace.Filters;
using KaTrace.Knobs;
using KaTrace.Sockets;

namespace KaTrace.Audit.Expectations;

/// <summary>A sentence of the operator about connections or listeners:
/// <c>every connection to :5432 from 10.0.0.0/8: on, idle ≤ 300 s</c>.</summary>
/// <remarks><c>to</c> and <c>from</c> are the server's and the client's end, so that one file fits both hosts; <c>local</c> and
/// <c>remote</c> are the ends as this host has them; <c>of</c> is the name of the process. With <c>some</c> in place of <c>every</c>
/// at least one must be there, and as required.</remarks>
internal sealed record Expectation
{
    public required string Text { get; init; }

    /// <summary>In the file.</summary>
    public required int Line { get; init; }

    /// <summary>All that match must be as required; else one must.</summary>
    public required bool Every { get; init; }

    public required bool Listener { get; init; }

    public Place? To { get; init; }

    public Place? From { get; init; }

    public Place? Local { get; init; }

    public Place? Remote { get; init; }

    public string? Program { get; init; }

    public required IReadOnlyList<Requirement> Requirements { get; init; }

    public bool Covers(in SocketRow row, string program)
    {
        if (Listener ? row.State != TcpState.Listen : !row.IsConnected)
            return false;
        EndpointView local = EndpointView.Local(in row), remote = EndpointView.Remote(in row);
        bool isServer = ConnectionSides.Of(in row) == ConnectionSide.Accepted;
        return (To?.Has(isServer ? local : remote) ?? true)
            && (From?.Has(isServer ? remote : local) ?? true)
            && (Local?.Has(local) ?? true)
            && (Remote?.Has(remote) ?? true)
            && (Program is null || Glob.Matches(Encoding.UTF8.GetBytes(Program), Encoding.UTF8.GetBytes(program)));
    }

    /// <summary>What of it is not as required, in a few words; null if all is.</summary>
    public string? Missed(in SocketRow row, KernelClock clock)
    {
        List<string>? missed = null;
        foreach (Requirement requirement in Requirements)
        {
            if (requirement.Missed(in row, clock) is { } found)
                (missed ??= []).Add(found);
        }

        return missed is null ? null : string.Join(", ", missed);
    }
}
