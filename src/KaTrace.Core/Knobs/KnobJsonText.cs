using System.Text.Json;

namespace KaTrace.Knobs;

/// <summary>A knob as JSON output shows it.</summary>
internal static class KnobJsonText
{
    public static void Write(Utf8JsonWriter json, string member, Knob knob)
    {
        json.WriteStartObject(member);
        json.WriteString("program", knob.Program);
        if (!knob.IsNone)
            json.WriteString("name", knob.Name);
        json.WriteString("set", knob.Set);
        json.WriteString("default", knob.Default);
        if (knob.Note is { } note)
            json.WriteString("note", note);
        json.WriteString("source", knob.Source);
        json.WriteString("checked", knob.Checked);
        json.WriteEndObject();
    }
}
