using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace KaTrace.Output;

/// <summary>Appends protobuf to a span that its owner made long enough. What is zero, and so absent in proto3, is left out by the
/// methods named after a type; those that begin with Present write it too.</summary>
internal ref struct ProtoCursor(Span<byte> span)
{
    private const int Varint = 0;
    private const int Fixed64 = 1;
    private const int LengthDelimited = 2;

    private readonly Span<byte> _span = span;

    public int Length { get; private set; }

    public readonly ReadOnlySpan<byte> Written => _span[..Length];

    public void UInt64(int field, ulong value)
    {
        if (value != 0)
            PresentUInt64(field, value);
    }

    public void PresentUInt64(int field, ulong value)
    {
        Tag(field, Varint);
        AppendVarint(value);
    }

    public void Bool(int field, bool value)
    {
        if (value)
            PresentUInt64(field, 1);
    }

    public void PresentDouble(int field, double value)
    {
        Tag(field, Fixed64);
        BinaryPrimitives.WriteDoubleLittleEndian(_span[Length..], value);
        Length += sizeof(double);
    }

    /// <summary>A string, a message or packed numbers, ready made.</summary>
    public void Bytes(int field, scoped ReadOnlySpan<byte> value)
    {
        if (!value.IsEmpty)
            PresentBytes(field, value);
    }

    public void PresentBytes(int field, scoped ReadOnlySpan<byte> value)
    {
        PresentLength(field, value.Length);
        Append(value);
    }

    /// <summary>What comes before a message or string that is appended elsewhere.</summary>
    public void PresentLength(int field, int length)
    {
        Tag(field, LengthDelimited);
        AppendVarint((uint)length);
    }

    public void Append(scoped ReadOnlySpan<byte> encoded)
    {
        encoded.CopyTo(_span[Length..]);
        Length += encoded.Length;
    }

    /// <summary>Begins a message or string whose length is not known yet.</summary>
    /// <param name="field">Its number.</param>
    /// <param name="width">Bytes to keep free for the length: 1 for less than 128, 2 for less than 16,384, and so on. More than are
    /// needed is valid.</param>
    /// <returns>For <see cref="End"/>.</returns>
    public int Begin(int field, int width)
    {
        Tag(field, LengthDelimited);
        Length += width;
        return Length;
    }

    public readonly void End(int begin, int width)
    {
        int length = Length - begin;
        for (int i = begin - width; i < begin - 1; i++, length >>= 7)
            _span[i] = (byte)(length | 0x80);
        if (length >= 0x80)
            ThrowTooLong();
        _span[begin - 1] = (byte)length;
    }

    /// <summary>The text form of an address.</summary>
    public void Address(int field, scoped ReadOnlySpan<byte> address)
    {
        int begin = Begin(field, 1);
        Length += AddressText.Format(address, _span[Length..]);
        End(begin, 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AppendVarint(ulong value)
    {
        if (value < 0x80)
            _span[Length++] = (byte)value;
        else
            AppendLongVarint(value);
    }

    /// <summary>Of two bytes or more. Up to eight are made as one word, in three steps that each spread its halves, and written at once:
    /// a loop over the bytes was half of what an event cost.</summary>
    private void AppendLongVarint(ulong value)
    {
        Span<byte> rest = _span[Length..];
        if (value >= 1ul << 56 || rest.Length < sizeof(ulong))
        {
            AppendBytewise(rest, value);
            return;
        }

        int length = VarintLength(value);
        value = (value & 0x0000_0000_0fff_ffff) | ((value & 0x00ff_ffff_f000_0000) << 4);
        value = (value & 0x0000_3fff_0000_3fff) | ((value & 0x0fff_c000_0fff_c000) << 2);
        value = (value & 0x007f_007f_007f_007f) | ((value & 0x3f80_3f80_3f80_3f80) << 1);
        BinaryPrimitives.WriteUInt64LittleEndian(rest, value | (0x8080_8080_8080_8080 >> (72 - (8 * length))));
        Length += length;
    }

    private void AppendBytewise(Span<byte> rest, ulong value)
    {
        int length = 0;
        for (; value >= 0x80; value >>= 7)
            rest[length++] = (byte)(value | 0x80);
        rest[length++] = (byte)value;
        Length += length;
    }

    public static int VarintLength(ulong value) => (BitOperations.Log2(value | 1) / 7) + 1;

    private static void ThrowTooLong() => throw new InvalidOperationException("A message is longer than the room kept for its length.");

    private void Tag(int field, int wireType)
    {
        if (field < 16)
            _span[Length++] = (byte)(field << 3 | wireType);
        else
            AppendVarint((uint)(field << 3 | wireType));
    }
}
