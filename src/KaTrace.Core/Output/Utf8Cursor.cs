using System.Buffers.Text;

namespace KaTrace.Output;

/// <summary>Appends text to a span that its owner made long enough: the hot writers grow their buffer once a line, not
/// once a token. A line that does not fit throws, since the span is bounds-checked like any other.</summary>
internal ref struct Utf8Cursor(Span<byte> span)
{
    private readonly Span<byte> _span = span;

    public int Length { get; private set; }

    public readonly ReadOnlySpan<byte> Written => _span[..Length];

    public void Append(scoped ReadOnlySpan<byte> text)
    {
        text.CopyTo(_span[Length..]);
        Length += text.Length;
    }

    /// <summary>ASCII only. Not a byte: that would take numbers of one byte for characters.</summary>
    public void Append(char value) => _span[Length++] = (byte)value;

    public void Append(ulong value)
    {
        Utf8Formatter.TryFormat(value, _span[Length..], out int written);
        Length += written;
    }

    /// <summary>Digits with leading zeros, for dates and times.</summary>
    public void AppendPadded(uint value, int digits)
    {
        Span<byte> field = _span.Slice(Length, digits);
        for (int i = digits - 1; i >= 0; i--)
        {
            field[i] = (byte)('0' + value % 10);
            value /= 10;
        }

        Length += digits;
    }

    /// <summary>Decimal digits in groups of three: 1,234,567.</summary>
    public void AppendGrouped(ulong value)
    {
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(value, digits, out int count);
        for (int i = 0; i < count; i++)
        {
            if (i > 0 && (count - i) % 3 == 0)
                Append(',');
            Append((char)digits[i]);
        }
    }

    /// <summary>Thousandths as a decimal fraction without trailing zeros: 75000 is 75, 1500 is 1.5.</summary>
    public void AppendThousandths(ulong thousandths)
    {
        Append(thousandths / 1000);
        uint fraction = (uint)(thousandths % 1000);
        if (fraction == 0)
            return;
        Append('.');
        int digits = 3;
        for (; fraction % 10 == 0; digits--)
            fraction /= 10;
        AppendPadded(fraction, digits);
    }

    public void AppendAddress(scoped ReadOnlySpan<byte> address) => Length += AddressText.Format(address, _span[Length..]);

    public void PadTo(int length)
    {
        while (Length < length)
            Append(' ');
    }

    /// <summary>Begins a JSON object whose members are all written with a leading comma.</summary>
    public readonly int OpenObject() => Length;

    /// <summary>Ends it: the first comma becomes the brace, so that no member needs to know whether it is the first.</summary>
    public void CloseObject(int open)
    {
        if (Length == open)
            Append('{');
        else
            _span[open] = (byte)'{';
        Append('}');
    }

    /// <summary>Begins a JSON array in the same way.</summary>
    public readonly int OpenArray() => Length;

    /// <summary>Ends it. It has an element at least.</summary>
    public void CloseArray(int open)
    {
        _span[open] = (byte)'[';
        Append(']');
    }
}
