using System.Globalization;

namespace KaTrace.Output;

/// <summary>Writes times as the JSON form of google.protobuf.Timestamp: RFC 3339 in UTC, with 0, 3, 6 or 9 digits of the
/// second, whichever loses nothing.</summary>
/// <remarks>Events come in bursts: the text up to the second is kept. Not thread-safe.</remarks>
internal sealed class RfcTime
{
    private const int PrefixLength = 19;
    private readonly byte[] _prefix = new byte[PrefixLength];
    private long _second = long.MinValue;

    /// <summary>Alone, to the millisecond, rounded down.</summary>
    public static string Of(long unixNs)
    {
        (long second, uint nanos) = UnixTime.Split(unixNs);
        return UnixTime.ToDateTime(second).AddMilliseconds(nanos / 1_000_000).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
    }

    public void Append(ref Utf8Cursor text, long unixNs)
    {
        (long second, uint nanos) = UnixTime.Split(unixNs);
        if (second != _second)
            Render(second);
        text.Append(_prefix);
        if (nanos != 0)
        {
            text.Append('.');
            if (nanos % 1_000_000 == 0)
                text.AppendPadded(nanos / 1_000_000, 3);
            else if (nanos % 1_000 == 0)
                text.AppendPadded(nanos / 1_000, 6);
            else
                text.AppendPadded(nanos, 9);
        }

        text.Append('Z');
    }

    private void Render(long second)
    {
        UnixTime.ToDateTime(second)
            .TryFormat(_prefix, out _, "yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
        _second = second;
    }
}
