using System.Text;
using System.Text.Json.Serialization;
using KaTrace.Filters;

namespace KaTrace.Knobs;

/// <summary>What a known program offers to turn keepalive on, or to change it: an entry of <c>knobs.json</c>.</summary>
internal sealed record Knob
{
    /// <summary>Name of the program for people.</summary>
    public required string Program { get; init; }

    /// <summary>Any of these fits the name of the process, the name of its executable, or what its interpreter runs; <c>*</c> and
    /// <c>?</c> as in filters.</summary>
    public required string[] Match { get; init; }

    /// <summary>Of which connections it speaks.</summary>
    public required ConnectionSide[] Sides { get; init; }

    /// <summary>Only where the remote port is one of these: of libraries, which no process name tells. Absent: any.</summary>
    public ushort[]? RemotePorts { get; init; }

    /// <summary>Its name; "none" where the program has none.</summary>
    [JsonPropertyName("knob")]
    public required string Name { get; init; }

    /// <summary>Where and how to set it.</summary>
    public required string Set { get; init; }

    /// <summary>What holds if nobody sets it.</summary>
    public required string Default { get; init; }

    /// <summary>What it can change.</summary>
    public required KnobEffect[] Changes { get; init; }

    /// <summary>What is easily got wrong.</summary>
    public string? Note { get; init; }

    /// <summary>Where it is documented, and when that was looked up: defaults change.</summary>
    public required string Source { get; init; }

    public required string Checked { get; init; }

    [JsonIgnore]
    public bool IsNone => Name == "none";

    public bool Fits(ProgramNames program, ConnectionSide side, ushort remotePort) =>
        Sides.Contains(side)
        && (RemotePorts is null || RemotePorts.Contains(remotePort))
        && Match.Any(pattern => program.All.Any(name => Glob.Matches(Encoding.UTF8.GetBytes(pattern), Encoding.UTF8.GetBytes(name))));
}
