using System.Globalization;
using System.Text;
using Google.Protobuf.WellKnownTypes;
using KaTrace.Events;
using KaTrace.Processes;

namespace KaTrace.Hosts;

/// <summary>Bounds of what others send or have recorded: whatever works on it need not expect more than a kernel says.</summary>
/// <remarks>All throw <see cref="InvalidDataException"/> with the words that say what cannot be.</remarks>
internal static class ReceivedValue
{
    /// <summary>The longest that a kernel has, a command line of 4,096 bytes: each may have become the three of U+FFFD.</summary>
    private const int MostTextBytes = 3 * ProcessReader.MaxCommandLine;

    /// <summary>Nanoseconds since then are a number of 64 bits.</summary>
    private static readonly DateTimeOffset LastTime = new(2262, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static uint AtMost(uint value, uint most, string what) => value <= most ? value : throw Bad(what, value);

    public static ulong AtMost(ulong value, ulong most, string what) => value <= most ? value : throw Bad(what, value);

    public static uint Within(uint value, uint least, uint most, string what) => value >= least && value <= most ? value : throw Bad(what, value);

    public static byte Byte(uint value, string what) => (byte)AtMost(value, byte.MaxValue, what);

    public static string Text(string text, string what) => text.Length <= MostTextBytes && Encoding.UTF8.GetByteCount(text) <= MostTextBytes
        ? text
        : throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"{what} of more than {MostTextBytes:N0} bytes"));

    /// <summary>A name that a kernel may have, whose bytes are any: what is no UTF-8 has become U+FFFD.</summary>
    public static string Comm(string comm)
    {
        int bytes = 0;
        foreach (Rune rune in comm.AsSpan(0, Math.Min(comm.Length, RecordComm.MostBytes + 1)).EnumerateRunes())
            bytes += rune == Rune.ReplacementChar ? 1 : rune.Utf8SequenceLength;
        return bytes <= RecordComm.MostBytes ? comm : throw new InvalidDataException($"a process name of more than {RecordComm.MostBytes} bytes");
    }

    public static DateTimeOffset Time(Timestamp? time)
    {
        DateTimeOffset value = time is { Nanos: >= 0 and < 1_000_000_000, Seconds: >= 0 } && time.Seconds <= LastTime.ToUnixTimeSeconds()
            ? DateTimeOffset.FromUnixTimeSeconds(time.Seconds).AddTicks(time.Nanos / TimeSpan.NanosecondsPerTick)
            : throw new InvalidDataException("a time that is none");
        return value < LastTime ? value : throw new InvalidDataException("a time that is none");
    }

    private static InvalidDataException Bad(string what, ulong value) => new(string.Create(CultureInfo.InvariantCulture, $"{what} of {value}"));
}
