using System.Buffers;
using System.Text;
using KaTrace.Output;
using KaTrace.Sockets;

namespace KaTrace.Cli.Listing;

/// <summary>Rows as CSV (RFC 4180), numbers bare: seconds, no marks.</summary>
internal sealed class CsvWriter(IReadOnlyList<Column> columns, Cells cells)
{
    private readonly byte[] _cell = new byte[Cells.MaxLength];

    public void Write(StandardOutput output, ReadOnlySpan<SocketRow> rows, ReadOnlySpan<int> shown, bool header)
    {
        if (header)
            output.Write(Encoding.ASCII.GetBytes($"{string.Join(',', columns.Select(column => column.Heading))}\r\n"));
        foreach (int index in shown)
        {
            for (int i = 0; i < columns.Count; i++)
            {
                Utf8Cursor text = new(_cell);
                cells.Append(ref text, columns[i].Id, in rows[index]);
                WriteField(output, text.Written);
                output.Write(i < columns.Count - 1 ? ","u8 : "\r\n"u8);
            }

            output.FlushIfLarge();
            if (output.IsClosed)
                return;
        }
    }

    private static void WriteField(StandardOutput output, ReadOnlySpan<byte> field)
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
