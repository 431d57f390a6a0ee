using KaTrace.Events;
using KaTrace.Knobs;
using KaTrace.Output;
using KaTrace.Processes;
using KaTrace.Sockets;

namespace KaTrace.Hosts;

/// <summary>A host at one moment: its sockets, how its kernel is set, and what is known of its processes.</summary>
internal class HostView
{
    public required SocketTable Table { get; init; }

    public HostSettings Settings { get; init; } = HostSettings.Unknown;

    public ProgramLookup Programs { get; init; } = ProgramLookup.None;

    /// <summary>The process that stands for a socket: the first that holds it.</summary>
    public SocketProcess? OwnerOf(in SocketRow row) => row.HolderCount > 0 ? Table.Processes[Table.HoldersOf(in row)[0].Process] : null;

    /// <summary>Its name, or why there is none: not made safe for a terminal.</summary>
    public string ProgramOf(in SocketRow row) => OwnerOf(in row)?.Comm ?? Nobody.Of(in row);

    /// <summary>"redis-server[520]", or why there is no process; safe for a terminal.</summary>
    public string NameOf(in SocketRow row) => OwnerOf(in row) is { } owner ? $"{Safe(owner.Comm)}[{owner.Key.Pid}]" : Nobody.Of(in row);

    /// <summary>What its program offers; null if that is not known.</summary>
    public Knob? KnobOf(in SocketRow row) =>
        OwnerOf(in row) is { } owner ? KnobCatalog.Find(Programs.Names(owner), ConnectionSides.Of(in row), row.Rport) : null;

    public TimeSpan Time(uint jiffies) => Table.Clock.ToTime(jiffies);

    /// <summary>"10.0.0.5:6379 &lt;&gt; 10.0.0.9:40000"; of a listener its own end.</summary>
    public static string Ends(in SocketRow row) => row.State == TcpState.Listen
        ? EndpointText.Of(EndpointView.Local(in row))
        : $"{EndpointText.Of(EndpointView.Local(in row))} <> {EndpointText.Of(EndpointView.Remote(in row))}";

    public static string Safe(string text) => HostileText.Decode(HostileText.ForTerminal(text));
}
