using System.Buffers;
using System.Globalization;
using System.Text.Json;
using KaTrace.Events;
using KaTrace.Hosts;
using KaTrace.Knobs;
using KaTrace.Output;
using KaTrace.Processes;
using KaTrace.Sockets;

namespace KaTrace.Explaining;

/// <summary>An explanation for programs: one JSON object a line, facts and the sentences for people beside them.</summary>
/// <remarks>The writer escapes all that is not ASCII, and so keeps hostile names off a terminal.</remarks>
internal static class ExplanationJson
{
    /// <param name="output">Where the line goes.</param>
    /// <param name="row">Which socket.</param>
    /// <param name="host">That it is on.</param>
    /// <param name="kept">Its latest events; null: they are not known.</param>
    public static void Write(IBufferWriter<byte> output, in SocketRow row, HostView host, KeptEvents? kept = null)
    {
        using (Utf8JsonWriter json = new(output))
        {
            json.WriteStartObject();
            WriteSocket(json, in row, host);
            WriteVerdict(json, in row, host);
            if (host.KnobOf(in row) is { } knob)
                KnobJsonText.Write(json, "knob", knob);
            if (row.Peer >= 0)
            {
                json.WriteStartObject("otherSide");
                WriteSocket(json, in host.Table.Rows[row.Peer], host);
                json.WriteEndObject();
            }

            json.WriteStartObject("text");
            foreach (IGrouping<string, (string Label, string Text)> group in Explanation.Of(in row, host).GroupBy(p => p.Label == "and" ? "owner" : p.Label))
                json.WriteString(group.Key, string.Join("; ", group.Select(p => p.Text)));
            json.WriteEndObject();
            if (kept is not null)
                WriteEvents(json, kept);
            json.WriteEndObject();
        }

        output.Write("\n"u8);
    }

    /// <summary>As lines of <c>katrace stream -o json</c>.</summary>
    private static void WriteEvents(Utf8JsonWriter json, KeptEvents kept)
    {
        if (kept.Since is { } since)
            json.WriteString("eventsSince", since.UtcDateTime);
        json.WriteStartArray("events");
        foreach (string line in KeptEventLines.Json(kept))
            json.WriteRawValue(line);
        json.WriteEndArray();
    }

    private static void WriteSocket(Utf8JsonWriter json, in SocketRow row, HostView host)
    {
        json.WriteString("local", EndpointText.Of(EndpointView.Local(in row)));
        if (row.State != TcpState.Listen)
            json.WriteString("remote", EndpointText.Of(EndpointView.Remote(in row)));
        json.WriteString("state", StateNames.Of(row.State));
        json.WriteNumber("netns", row.Netns);
        if (row.Ino != 0)
            json.WriteString("inode", row.Ino.ToString(CultureInfo.InvariantCulture));
        if (row.Cookie != 0)
            json.WriteString("cookie", row.Cookie.ToString(CultureInfo.InvariantCulture));
        WriteHolders(json, in row, host);
        if (!row.IsSocket)
            return;
        json.WriteBoolean("keepaliveOn", row.KeepaliveOn);
        json.WriteNumber("idleSeconds", host.Table.Clock.ToSeconds(row.Idle));
        json.WriteNumber("intervalSeconds", host.Table.Clock.ToSeconds(row.Intvl));
        json.WriteNumber("count", row.Cnt);
        json.WriteNumber("userTimeoutMs", row.UserTimeout);
        json.WriteStartArray("own");
        foreach ((KeepaliveSettings setting, string name) in new[] { (KeepaliveSettings.Idle, "IDLE"), (KeepaliveSettings.Intvl, "INTERVAL"), (KeepaliveSettings.Cnt, "COUNT"), (KeepaliveSettings.UserTimeout, "USER_TIMEOUT") })
        {
            if ((row.Own & setting) != 0)
                json.WriteStringValue(name);
        }

        json.WriteEndArray();
        if ((row.Flags & SocketFlags.Silent) != 0)
            json.WriteNumber("silentSeconds", host.Time(row.Silent).TotalSeconds);
        if ((row.Flags & SocketFlags.Probed) != 0)
            json.WriteNumber("probedSeconds", host.Time(row.Probed).TotalSeconds);
        if (row.AwaitsProbe)
            json.WriteNumber("nextSeconds", host.Time((uint)Math.Max(row.Next, 0)).TotalSeconds);
    }

    private static void WriteHolders(Utf8JsonWriter json, in SocketRow row, HostView host)
    {
        json.WriteStartArray("holders");
        foreach (ref readonly SocketHolder holder in host.Table.HoldersOf(in row))
        {
            SocketProcess process = host.Table.Processes[holder.Process];
            ProcessDetails? details = host.Programs.Details(process);
            json.WriteStartObject();
            json.WriteNumber("pid", process.Key.Pid);
            json.WriteString("comm", process.Comm);
            if (holder.Fd >= 0)
                json.WriteNumber("fd", holder.Fd);
            if (details?.CommandLine is { } command)
                json.WriteString("commandLine", command);
            if (details?.Unit is { } unit)
                json.WriteString("unit", unit);
            if (details?.Container is { } container)
                json.WriteString("containerId", container.Id);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteVerdict(Utf8JsonWriter json, in SocketRow row, HostView host)
    {
        Verdict verdict = Verdict.Of(in row, host);
        if (verdict.Kind == VerdictKind.NotConnected)
            return;
        json.WriteStartObject("deadPeer");
        json.WriteString("noticedBy", verdict.Kind switch
        {
            VerdictKind.Keepalive when verdict.Keepalive.ByUserTimeout => "USER_TIMEOUT",
            VerdictKind.Keepalive => "PROBES",
            VerdictKind.Retransmission => "RETRANSMIT",
            VerdictKind.FinWait2 => "FIN_TIMEOUT",
            _ => "NOTHING",
        });
        if (verdict.Kind == VerdictKind.Keepalive)
        {
            json.WriteNumber("afterSeconds", verdict.Keepalive.After.TotalSeconds);
            json.WriteNumber("lateSeconds", verdict.Keepalive.Late.TotalSeconds);
        }

        json.WriteNumber("unacknowledgedSeconds", verdict.Unacknowledged.TotalSeconds);
        json.WriteEndObject();
    }
}
