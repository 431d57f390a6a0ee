using System.Buffers;
using System.Text;
using CsCheck;
using KaTrace.Events;
using KaTrace.Output;
using KaTrace.Processes;
using KaTrace.V1;

namespace KaTrace.Tests.Output;

public sealed class CsvEventWriterTests
{
    [Fact]
    public void Every_row_has_a_cell_for_each_name() =>
        Gen.Select(RandomEvents.Records, RandomEvents.Processes, RandomEvents.Clocks).Sample((raw, process, clock) =>
        {
            string[][] rows = Rows(raw, process, clock);

            Assert.Equal(3, rows.Length);
            Assert.Equal(rows[0].Length, rows[1].Length);
            Assert.Equal(rows[0].Length, rows[2].Length);
            Assert.Equal("LOST", rows[2][Array.IndexOf(rows[0], "kind")]);
            Assert.Equal(("1", ""), (rows[1][Array.IndexOf(rows[0], "events")], rows[1][Array.IndexOf(rows[0], "first_monotonic_ns")]));
            Assert.Equal(process is null ? "" : $"{process.Key.Pid}", rows[1][Array.IndexOf(rows[0], "pid")]);
        });

    [Fact]
    public void An_event_that_stands_for_several_says_how_many_and_since_when()
    {
        string[][] rows = Rows(Sample.Probe, Sample.Redis, Sample.Clock, new Occurrence(7, 37, 123));

        Assert.Equal(("7", "37", "123"), (rows[1][Array.IndexOf(rows[0], "sequence")], rows[1][Array.IndexOf(rows[0], "events")], rows[1][Array.IndexOf(rows[0], "first_monotonic_ns")]));
    }

    [Fact]
    public void Text_of_a_process_cannot_leave_its_cell_nor_begin_a_formula()
    {
        string[][] rows = Rows(Sample.Probe, Sample.Process(7, 1, "=cmd|' /C x'!A"u8, "@a \"b\",\r\nc \e[31m"), Sample.Clock);

        Assert.Equal("'=cmd|' /C x'!A", rows[1][Array.IndexOf(rows[0], "comm")]);
        Assert.Equal(@"'@a ""b"",\x0d\x0ac \x1b[31m", rows[1][Array.IndexOf(rows[0], "command_line")]);
    }

    private static string[][] Rows(RawEvent raw, ProcessIdentity? process, KernelClock clock, Occurrence? occurrence = null)
    {
        ArrayBufferWriter<byte> output = new();
        CsvEventWriter writer = new(output, "node-1", withHeader: true);
        EventRecord record = raw.ToRecord();
        writer.Write(in record, process, occurrence ?? 1, in clock);
        writer.WriteLost(Lost.Types.Place.KernelRing, 3, 1, 2, in clock);
        return [.. Encoding.UTF8.GetString(output.WrittenSpan).Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Select(Cells)];
    }

    /// <summary>RFC 4180.</summary>
    private static string[] Cells(string row)
    {
        List<string> cells = [];
        StringBuilder cell = new();
        bool quoted = false;
        for (int i = 0; i < row.Length; i++)
        {
            if (row[i] == '"' && quoted && i + 1 < row.Length && row[i + 1] == '"')
                cell.Append(row[i++]);
            else if (row[i] == '"')
                quoted = !quoted;
            else if (row[i] == ',' && !quoted)
                Take(cells, cell);
            else
                cell.Append(row[i]);
        }

        Take(cells, cell);
        return [.. cells];
    }

    private static void Take(List<string> cells, StringBuilder cell)
    {
        cells.Add(cell.ToString());
        cell.Clear();
    }
}
