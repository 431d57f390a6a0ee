using System.Buffers;
using System.Text.Json;
using KaTrace.Events;
using KaTrace.Knobs;
using KaTrace.Output;
using KaTrace.Sockets;

namespace KaTrace.Audit.Reports;

/// <summary>Findings for programs: JSON Lines, one object a finding.</summary>
/// <remarks>The writer escapes all that is not ASCII, and so keeps hostile names off a terminal.</remarks>
internal static class FindingJson
{
    public static void Write(IBufferWriter<byte> output, Finding finding, AuditScope scope)
    {
        using (Utf8JsonWriter json = new(output))
        {
            json.WriteStartObject();
            json.WriteString("rule", finding.Rule);
            json.WriteString("severity", finding.Severity.ToString().ToUpperInvariant());
            json.WriteString("program", finding.Program);
            json.WriteStartArray("pids");
            foreach (uint pid in finding.Pids)
                json.WriteNumberValue(pid);
            json.WriteEndArray();
            if (finding.Port != 0)
            {
                json.WriteString("side", finding.Side == ConnectionSide.Accepted ? "ACCEPTED" : "CONNECTING");
                json.WriteNumber("port", finding.Port);
            }

            json.WriteNumber("count", finding.Count);
            if (finding.Growth is { } growth)
                json.WriteNumber("growth", growth);
            json.WriteString("sentence", finding.Sentence);
            json.WriteString("remedy", finding.Remedy);
            if (finding.Examples.Count > 0 && scope.KnobOf(in scope.Table.Rows[finding.Examples[0]]) is { } knob)
                KnobJsonText.Write(json, "knob", knob);
            json.WriteStartArray("examples");
            foreach (int index in finding.Examples)
                WriteSocket(json, in scope.Table.Rows[index]);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        output.Write("\n"u8);
    }

    private static void WriteSocket(Utf8JsonWriter json, in SocketRow row)
    {
        json.WriteStartObject();
        json.WriteString("local", EndpointText.Of(EndpointView.Local(in row)));
        if (row.State != Events.TcpState.Listen)
            json.WriteString("remote", EndpointText.Of(EndpointView.Remote(in row)));
        json.WriteNumber("netns", row.Netns);
        if (row.Ino != 0)
            json.WriteString("inode", row.Ino.ToString(System.Globalization.CultureInfo.InvariantCulture));
        json.WriteEndObject();
    }
}
