using System.Buffers;
using System.Text;
using KaTrace.Output;
using KaTrace.Sockets;

namespace KaTrace.Cli.Listing;

/// <summary>Rows as CSV (RFC 4180), numbers bare: seconds, no marks.</summary>
internal sealed class CsvWriter(IBufferWriter<byte> output, IReadOnlyList<Column> columns, Cells cells) : IRowWriter
{
    private readonly byte[] _cell = new byte[Cells.MaxLength];

    public void WriteHeader() => output.Write(Encoding.ASCII.GetBytes($"{string.Join(',', columns.Select(column => column.Heading))}\r\n"));

    public void Write(in SocketRow row)
    {
        for (int i = 0; i < columns.Count; i++)
        {
            Utf8Cursor text = new(_cell);
            cells.Append(ref text, columns[i].Id, in row);
            WriteField(text.Written);
            output.Write(i < columns.Count - 1 ? ","u8 : "\r\n"u8);
        }
    }

    private void WriteField(ReadOnlySpan<byte> field)
    {
        if (!field.ContainsAny(",\"\r\n"u8))
        {
            output.Write(field);
            return;
        }

        output.Write("\""u8);
        for (int quote = field.IndexOf((byte)'"'); quote >= 0; quote = field.IndexOf((byte)'"'))
        {
            output.Write(field[..(quote + 1)]);
            output.Write("\""u8);
            field = field[(quote + 1)..];
        }

        output.Write(field);
        output.Write("\""u8);
    }
}
