using System.Globalization;
using System.Text;
using KaTrace.Events;
using KaTrace.Hosts;
using KaTrace.Output;
using KaTrace.Sockets;

namespace KaTrace.Explaining;

/// <summary>An explanation for people: labels on the left, wrapped text beside them.</summary>
internal static class ExplanationText
{
    private const int LabelWidth = 15;

    /// <param name="output">Where it goes.</param>
    /// <param name="row">Which socket.</param>
    /// <param name="host">That it is on.</param>
    /// <param name="kept">Its latest events; null: they are not known.</param>
    public static void Append(WrappedText output, in SocketRow row, HostView host, KeptEvents? kept = null)
    {
        output.Append("", $"{HostView.Ends(in row)} {Encoding.UTF8.GetString(StateNames.Of(row.State))} {host.NameOf(in row)}");
        foreach ((string label, string text) in Explanation.Of(in row, host))
            output.Append(Label(label), text);
        if (kept is null)
            return;
        string[] events = KeptEventLines.Compact(kept);
        string since = kept.Since is { } time ? $", from {time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)} on" : "";
        output.Append(Label("events"), events.Length == 0
            ? $"none of it is among those that {kept.Keeper} keeps{since}."
            : $"the last of those that {kept.Keeper} keeps{since}:");
        foreach (string line in events)
            output.Append(Label(""), line);
    }

    private static string Label(string label) => $"  {label}".PadRight(LabelWidth + 2);

    /// <summary>One line of a list that is to be chosen from.</summary>
    public static string Line(in SocketRow row, HostView host)
    {
        string keepalive = row.IsSocket ? $" keepalive {(row.KeepaliveOn ? "on" : "off")}" : "";
        return $"  {Handle(in row),-18} {HostView.Ends(in row)} {Encoding.UTF8.GetString(StateNames.Of(row.State))} {host.NameOf(in row)}{keepalive}";
    }

    /// <summary>A target that names this socket alone, where there is one.</summary>
    public static string Handle(in SocketRow row) => row.Ino != 0 ? $"inode:{row.Ino}" : row.Cookie != 0 ? $"cookie:{row.Cookie}" : EndpointText.Of(EndpointView.Remote(in row));
}
