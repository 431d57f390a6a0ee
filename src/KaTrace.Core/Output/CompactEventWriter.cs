using System.Buffers;
using KaTrace.Events;
using KaTrace.Processes;
using KaTrace.V1;

namespace KaTrace.Output;

/// <summary>One line an event, for people: time, process, ends, kind, and what happened in words.</summary>
internal sealed class CompactEventWriter : IEventWriter
{
    // Ends, numbers and words at their longest come to less than 600 bytes, what wide output adds included.
    private const int MaxFixedLength = 1024;
    private const int KindWidth = 11;

    private readonly IBufferWriter<byte> _output;
    private readonly WallClock _time;
    private readonly bool _color;
    private readonly bool _wide;

    /// <param name="output">Where the lines go.</param>
    /// <param name="format">How times are shown.</param>
    /// <param name="zone">The time zone of those times.</param>
    /// <param name="color">With colour: see <see cref="ColorModes"/>.</param>
    /// <param name="wide">With what identifies socket and process, at the end of the line.</param>
    public CompactEventWriter(
        IBufferWriter<byte> output, TimeFormat format, TimeZoneInfo zone, bool color = false, bool wide = false)
    {
        _output = output;
        _time = new WallClock(format, zone);
        _color = color;
        _wide = wide;
    }

    public void Write(in EventRecord record, ProcessIdentity? process, Occurrence occurrence, in KernelClock clock)
    {
        int processLength = process is null ? 0 : process.NameText.Length + process.DetailText.Length;
        Utf8Cursor text = new(_output.GetSpan(MaxFixedLength + processLength));
        AppendTime(ref text, clock.ToUnixNs(record.TimeNs));
        OwnerText.Append(ref text, in record, process);
        text.Append(' ');
        AppendEnds(ref text, in record);
        text.Append(' ');
        AppendKind(ref text, in record);
        EventSentence.Append(ref text, in record, in clock);
        if (occurrence.IsAggregate)
            AppendCount(ref text, in record, occurrence);
        if (_wide)
            EventIdentity.Append(ref text, in record, process);
        End(ref text);
    }

    public void WriteLost(Lost.Types.Place place, ulong count, ulong monotonicNs, ulong sequence, in KernelClock clock)
    {
        Utf8Cursor text = new(_output.GetSpan(MaxFixedLength));
        AppendTime(ref text, clock.ToUnixNs(monotonicNs));
        if (_color)
            text.Append(Ansi.Red);
        text.Append("LOST "u8);
        LostSentence.Append(ref text, place, count);
        if (_color)
            text.Append(Ansi.Reset);
        End(ref text);
    }

    private void AppendTime(ref Utf8Cursor text, long unixNs)
    {
        if (_color)
            text.Append(Ansi.Dim);
        _time.Append(ref text, unixNs);
        if (_color)
            text.Append(Ansi.Reset);
        text.Append(' ');
    }

    private void AppendKind(ref Utf8Cursor text, in EventRecord record)
    {
        ReadOnlySpan<byte> color = _color ? Ansi.Of(record.Kind, EventSentence.Unanswered(in record)) : [];
        text.Append(color);
        int start = text.Length;
        text.Append(Name(record.Kind));
        int end = start + KindWidth;
        if (!color.IsEmpty)
        {
            text.Append(Ansi.Reset);
            end += Ansi.Reset.Length;
        }

        text.PadTo(end);
    }

    private static void AppendCount(ref Utf8Cursor text, in EventRecord record, Occurrence occurrence)
    {
        text.Append(", the last of "u8);
        text.Append(occurrence.Count);
        text.Append(" within "u8);
        ShortDuration.Append(ref text, (record.TimeNs - occurrence.FirstNs) / 1_000_000);
    }

    private void End(ref Utf8Cursor text)
    {
        text.Append('\n');
        _output.Advance(text.Length);
    }

    private static void AppendEnds(ref Utf8Cursor text, in EventRecord record)
    {
        EndpointView local = EndpointView.Local(in record), remote = EndpointView.Remote(in record);
        if (!local.IsPresent && !remote.IsPresent && record.Ino != 0)
        {
            // Neither bound nor connected: named as /proc/PID/fd does.
            text.Append("socket:["u8);
            text.Append(record.Ino);
            text.Append(']');
            return;
        }

        AppendEnd(ref text, local);
        // The arrow points where a segment went: a probe, or the reset that goes with giving up.
        text.Append(record.Kind switch
        {
            EventKind.Probe or EventKind.Timeout => " -> "u8,
            EventKind.Answered or EventKind.Recovered or EventKind.Reset => " <- "u8,
            _ => " <> "u8,
        });
        AppendEnd(ref text, remote);
    }

    private static void AppendEnd(ref Utf8Cursor text, scoped EndpointView end)
    {
        if (!end.IsPresent)
        {
            text.Append('-');
            return;
        }

        if (!end.IsIPv4)
            text.Append('[');
        text.AppendAddress(end.Address);
        if (!end.IsIPv4)
            text.Append(']');
        text.Append(':');
        text.Append(end.Port);
    }

    private static ReadOnlySpan<byte> Name(EventKind kind) => kind switch
    {
        EventKind.Enabled => "ENABLED"u8,
        EventKind.Disabled => "DISABLED"u8,
        EventKind.Configured => "CONFIGURED"u8,
        EventKind.Armed => "ARMED"u8,
        EventKind.Probe => "PROBE"u8,
        EventKind.Timeout => "TIMEOUT"u8,
        EventKind.Closed => "CLOSED"u8,
        EventKind.Answered => "ANSWERED"u8,
        EventKind.Recovered => "RECOVERED"u8,
        EventKind.LocalDrop => "LOCAL_DROP"u8,
        EventKind.Reset => "RESET"u8,
        _ => "UNKNOWN"u8,
    };
}
