using System.Runtime.InteropServices;
using KaTrace.Ring;
using KaTrace.V1;

namespace KaTrace.Captures;

/// <summary>Makes records of another version into ours: fields are found by their names. What is not there is zero.</summary>
internal sealed class RecordTranslator
{
    private const uint MostSize = 64 * 1024;

    /// <summary>No version has had so small ones. A capture that claims them would make much memory of few bytes.</summary>
    private const uint LeastSize = 96;

    private readonly (int From, int To, int Length)[] _moves;
    private readonly int _size;
    private byte[] _frames = [];

    private RecordTranslator(RecordLayout layout)
    {
        _size = (int)layout.Size;
        _moves = [.. layout.Fields.Join(RecordLayouts.Current.Fields, theirs => theirs.Name, ours => ours.Name,
            (theirs, ours) => ((int)theirs.Offset, (int)ours.Offset, (int)Math.Min(theirs.Size, ours.Size)))];
    }

    /// <summary>Null for records that can be read as they are.</summary>
    /// <param name="layout">Of the capture.</param>
    /// <param name="error">Why such a layout cannot be.</param>
    public static RecordTranslator? For(RecordLayout? layout, out string? error)
    {
        error = layout is null ? "it does not say how its records are laid out"
            : layout.Size < LeastSize ? $"its records have {layout.Size} bytes, too few for an event"
            : layout.Size > MostSize || layout.Fields.Any(field => (ulong)field.Offset + field.Size > layout.Size) ? "its records have fields beyond their end"
            : layout.Fields.DistinctBy(field => field.Name).Count() != layout.Fields.Count ? "its records have a field twice"
            : null;
        return error is not null || RecordLayouts.IsReadInPlace(layout!) ? null : new RecordTranslator(layout!);
    }

    /// <param name="records">Whole frames.</param>
    /// <param name="count">How many.</param>
    /// <returns>Valid until the next call.</returns>
    public ReadOnlyMemory<byte> Translate(ReadOnlySpan<byte> records, int count)
    {
        int size = (int)RecordLayouts.Current.Size;
        int step = (int)RingLayout.Step((uint)size);
        count = Math.Min(count, records.Length / _size); // shorter ones are none
        if (_frames.Length < count * step)
            _frames = new byte[count * step];
        Span<byte> frames = _frames.AsSpan(0, count * step);
        frames.Clear();

        int translated = 0;
        FrameReader reader = new(records);
        while (reader.TryRead(out ReadOnlySpan<byte> record))
        {
            if (record.Length < _size)
                continue;
            Span<byte> frame = frames.Slice(translated++ * step, step);
            MemoryMarshal.Write(frame, (ulong)size);
            foreach ((int from, int to, int length) in _moves)
                record.Slice(from, length).CopyTo(frame[(RingLayout.HeaderSize + to)..]);
        }

        return _frames.AsMemory(0, translated * step);
    }
}
