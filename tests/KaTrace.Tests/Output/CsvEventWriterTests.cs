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

    [Fact]
    public void All_is_told_of_a_process_that_JSON_tells()
    {
        string[][] rows = Rows(Sample.Enabled, Sample.Shop, Sample.Clock);
        string[] names = ["pid", "tid", "comm", "command_line", "fd", "exited", "start_boottime_ns", "executable", "uid", "user", "container_runtime", "container_id", "pod_uid", "unit", "program", "runtime"];

        Assert.Equal(
            ["640", "521", ".NET TP Worker", "dotnet /app/Shop.Api.dll", "7", "false", "56780000000", "/usr/share/dotnet/dotnet", "1654", "app", "containerd",
                "7d3a1c5e9b2f4a6081c3d5e7f9a0b2c4d6e8f0a1b3c5d7e9f1a2b4c6d8e0f2a4", "0c1e2a3b-4d5f-6071-8293-a4b5c6d7e8f9", "shop.service", "Shop.Api", ".NET 10.0.1"],
            names.Select(name => rows[1][Array.IndexOf(rows[0], name)]));
    }

    /// <summary>Whoever reads by position goes on.</summary>
    [Fact]
    public void New_columns_come_behind_the_old_ones() =>
        Assert.Equal(["lost_count", "events", "first_monotonic_ns", "tid"], Rows(Sample.Probe, null, Sample.Clock)[0][30..34]);

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
