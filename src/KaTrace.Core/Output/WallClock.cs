using System.Globalization;

namespace KaTrace.Output;

/// <summary>Writes times for people, in a time zone.</summary>
/// <remarks>Keeps the text before and after the fraction for the current second, and the zone's offset for the current
/// minute: offsets change on full minutes. Not thread-safe.</remarks>
internal sealed class WallClock
{
    private const int SecondsPerMinute = 60;

    private readonly byte[] _text = new byte[40];
    private readonly TimeZoneInfo _zone;
    private readonly string _layout;
    private readonly bool _hasZone;
    private readonly bool _hasColon;
    private readonly int _fractionDigits;
    private readonly uint _fractionUnitNs;
    private long _second = long.MinValue;
    private long _minute = long.MinValue;
    private TimeSpan _offset;
    private int _prefixLength;
    private int _length;

    public WallClock(TimeFormat format, TimeZoneInfo zone)
    {
        _zone = zone;
        _layout = format switch
        {
            TimeFormat.RFC3339 or TimeFormat.RFC3339Milli or TimeFormat.RFC3339Micro or TimeFormat.RFC3339Nano
                => "yyyy-MM-dd'T'HH:mm:ss",
            TimeFormat.RFC1123Z => "ddd, dd MMM yyyy HH:mm:ss ",
            _ => "MMM dd HH:mm:ss",
        };
        _hasZone = format >= TimeFormat.RFC3339;
        _hasColon = format != TimeFormat.RFC1123Z;
        (_fractionDigits, _fractionUnitNs) = format switch
        {
            TimeFormat.StampMilli or TimeFormat.RFC3339Milli => (3, 1_000_000u),
            TimeFormat.StampMicro or TimeFormat.RFC3339Micro => (6, 1_000u),
            TimeFormat.StampNano or TimeFormat.RFC3339Nano => (9, 1u),
            _ => (0, 1u),
        };
    }

    public void Append(ref Utf8Cursor text, long unixNs)
    {
        (long second, uint nanos) = UnixTime.Split(unixNs);
        if (second != _second)
            Render(second);
        text.Append(_text.AsSpan(0, _prefixLength));
        if (_fractionDigits > 0)
        {
            text.Append('.');
            text.AppendPadded(nanos / _fractionUnitNs, _fractionDigits);
        }

        text.Append(_text.AsSpan(_prefixLength, _length - _prefixLength));
    }

    private void Render(long second)
    {
        if (second / SecondsPerMinute != _minute)
        {
            _minute = second / SecondsPerMinute;
            _offset = _zone.GetUtcOffset(UnixTime.ToDateTime(second));
        }

        DateTime local = UnixTime.ToDateTime(second) + _offset;
        local.TryFormat(_text, out _prefixLength, _layout, CultureInfo.InvariantCulture);
        // The Stamp layouts pad the day with a space, as ls and syslog do.
        if (!_hasZone && _text[4] == (byte)'0')
            _text[4] = (byte)' ';
        _length = _prefixLength + (_hasZone ? RenderOffset(_text.AsSpan(_prefixLength)) : 0);
        _second = second;
    }

    private int RenderOffset(Span<byte> destination)
    {
        Utf8Cursor text = new(destination);
        if (_offset == TimeSpan.Zero && _hasColon)
        {
            text.Append('Z');
            return text.Length;
        }

        text.Append(_offset < TimeSpan.Zero ? '-' : '+');
        text.AppendPadded((uint)Math.Abs(_offset.Hours), 2);
        if (_hasColon)
            text.Append(':');
        text.AppendPadded((uint)Math.Abs(_offset.Minutes), 2);
        return text.Length;
    }
}
