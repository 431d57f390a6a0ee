using System.Buffers;
using System.Text;
using KaTrace.Events;
using KaTrace.Output;
using KaTrace.V1;

namespace KaTrace.Explaining;

/// <summary>Kept events as <c>katrace stream</c> writes them, a line each.</summary>
internal static class KeptEventLines
{
    /// <summary>For people; safe for a terminal.</summary>
    public static string[] Compact(KeptEvents kept) =>
        Lines(kept, output => new CompactEventWriter(output, TimeFormat.StampMilli, TimeZoneInfo.Local));

    /// <summary>Each is an <see cref="Event"/>.</summary>
    public static string[] Json(KeptEvents kept) =>
        Lines(kept, output => new JsonEventWriter(output, kept.Events.Count > 0 ? kept.Events[0].NodeName : ""));

    private static string[] Lines(KeptEvents kept, Func<IBufferWriter<byte>, IEventWriter> open)
    {
        ArrayBufferWriter<byte> output = new();
        IEventWriter writer = open(output);
        ReceivedEvent received = new();
        foreach (Event one in kept.Events)
        {
            KernelClock clock = ReceivedEvent.ClockOf(one);
            if (one.Kind == Event.Types.Kind.Lost)
                writer.WriteLost(one.Lost?.Place ?? Lost.Types.Place.Unspecified, one.Lost?.Count ?? 0, one.MonotonicNs, one.Sequence, in clock);
            else
                writer.Write(ReceivedEvent.RecordOf(one), received.ProcessOf(one), one.Sequence, in clock);
        }

        return Encoding.UTF8.GetString(output.WrittenSpan).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
