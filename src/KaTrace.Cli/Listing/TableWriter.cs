using System.Buffers;
using System.Text;
using KaTrace.Output;
using KaTrace.Sockets;

namespace KaTrace.Cli.Listing;

/// <summary>Rows as a table, aligned: all are laid out once to measure the columns, and once to be written. On a terminal that is
/// too narrow the columns that matter least are left out, those that say nothing first.</summary>
internal sealed class TableWriter : IRowWriter
{
    private readonly IBufferWriter<byte> _output;
    private readonly Cells _cells;
    private readonly byte[] _cell = new byte[Cells.MaxLength];
    private readonly List<Laid> _columns;
    private readonly int? _width;

    /// <param name="output">Where the table goes.</param>
    /// <param name="columns">In this order.</param>
    /// <param name="cells">What stands in them.</param>
    /// <param name="rows">Of the whole table.</param>
    /// <param name="shown">Which of them will be written.</param>
    /// <param name="width">Of the terminal; null: all columns.</param>
    public TableWriter(IBufferWriter<byte> output, IEnumerable<Column> columns, Cells cells, ReadOnlySpan<SocketRow> rows, ReadOnlySpan<int> shown, int? width)
    {
        (_output, _cells, _width) = (output, cells, width);
        _columns = [.. columns.Select(column => new Laid(column))];
        foreach (int index in shown)
            Measure(in rows[index]);
        if (width is { } available)
            Fit(available);
    }

    public void WriteHeader()
    {
        foreach (Laid laid in _columns)
            WriteCell(Encoding.ASCII.GetBytes(laid.Column.Heading), laid, isLast: laid == _columns[^1]);
        _output.Write("\n"u8);
    }

    public void Write(in SocketRow row)
    {
        int at = 0;
        for (int i = 0; i < _columns.Count; i++)
        {
            Laid laid = _columns[i];
            ReadOnlySpan<byte> cell = Render(laid.Column.Id, in row);
            bool isLast = i == _columns.Count - 1;
            WriteCell(isLast && _width is { } available ? Cut(cell, available - at) : cell, laid, isLast);
            at += laid.Width + 1;
        }

        _output.Write("\n"u8);
    }

    private void Measure(in SocketRow row)
    {
        foreach (Laid laid in _columns)
        {
            ReadOnlySpan<byte> cell = Render(laid.Column.Id, in row);
            laid.Width = Math.Max(laid.Width, WidthOf(cell));
            laid.SaysSomething |= cell is not [(byte)'-'];
        }
    }

    private void Fit(int available)
    {
        while (_columns.Sum(laid => laid.Width + 1) - 1 > available)
        {
            Laid? least = _columns.Where(laid => laid.Column.Rank > 0).MaxBy(laid => (!laid.SaysSomething, laid.Column.Rank));
            if (least is null)
                return;
            _columns.Remove(least);
        }
    }

    private void WriteCell(ReadOnlySpan<byte> cell, Laid laid, bool isLast)
    {
        int padding = laid.Width - WidthOf(cell);
        Span<byte> span = _output.GetSpan(cell.Length + padding + 1);
        int before = laid.Column.IsRight ? padding : 0, after = isLast ? 0 : laid.Width + 1 - before - WidthOf(cell);
        span[..before].Fill((byte)' ');
        cell.CopyTo(span[before..]);
        span.Slice(before + cell.Length, after).Fill((byte)' ');
        _output.Advance(before + cell.Length + after);
    }

    /// <summary>Valid until the next call.</summary>
    private ReadOnlySpan<byte> Render(ColumnId column, in SocketRow row)
    {
        Utf8Cursor text = new(_cell);
        _cells.Append(ref text, column, in row);
        return text.Written;
    }

    /// <summary>Characters, not bytes. A name in East Asian script is wider.</summary>
    private static int WidthOf(ReadOnlySpan<byte> text)
    {
        int width = 0;
        foreach (byte b in text)
            width += (b & 0xC0) != 0x80 ? 1 : 0;
        return width;
    }

    private static ReadOnlySpan<byte> Cut(ReadOnlySpan<byte> text, int width)
    {
        for (int i = 0, at = 0; i < text.Length; i++)
        {
            if ((text[i] & 0xC0) != 0x80 && at++ == Math.Max(width, 1))
                return text[..i];
        }

        return text;
    }

    private sealed class Laid(Column column)
    {
        public Column Column => column;

        public int Width = column.Name.Length;

        public bool SaysSomething;
    }
}
