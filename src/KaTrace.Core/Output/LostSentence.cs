using System.Text;
using KaTrace.V1;

namespace KaTrace.Output;

/// <summary>Says what a notice of loss means; not every place loses events.</summary>
internal static class LostSentence
{
    public static string Of(Lost.Types.Place place, ulong count)
    {
        Utf8Cursor text = new(stackalloc byte[256]);
        Append(ref text, place, count);
        return Encoding.UTF8.GetString(text.Written);
    }

    public static void Append(ref Utf8Cursor text, Lost.Types.Place place, ulong count)
    {
        if (place == Lost.Types.Place.SocketTable)
            text.Append("track of a socket "u8);
        text.AppendGrouped(count);
        text.Append((place, count) switch
        {
            (Lost.Types.Place.SocketTable, 1) => " time"u8,
            (Lost.Types.Place.SocketTable, _) => " times"u8,
            (_, 1) => " event"u8,
            _ => " events"u8,
        });
        text.Append(place switch
        {
            Lost.Types.Place.KernelRing => " (kernel ring full)"u8,
            Lost.Types.Place.SocketTable => " (socket table full: owners, probe counts and answers are unknown; see --max-sockets)"u8,
            Lost.Types.Place.CallTable => " (table of calls full)"u8,
            Lost.Types.Place.Identity => " (socket reused meanwhile)"u8,
            Lost.Types.Place.Decoder => " (record not understood)"u8,
            Lost.Types.Place.ProgramSkipped => " (program skipped by the kernel)"u8,
            Lost.Types.Place.Recorder => " (file written too slowly)"u8,
            Lost.Types.Place.Unexplained => " (unexplained: please report it)"u8,
            Lost.Types.Place.Subscriber => " (this subscriber was too slow)"u8,
            Lost.Types.Place.History => " (not kept by the agent any more)"u8,
            _ => []
        });
    }
}
