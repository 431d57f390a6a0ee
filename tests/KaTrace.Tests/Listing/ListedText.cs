using System.Buffers;
using System.Text;
using KaTrace.Cli.Listing;
using KaTrace.Knobs;
using KaTrace.Output;
using KaTrace.Processes;
using KaTrace.Sockets;

namespace KaTrace.Tests.Listing;

/// <summary>What a format makes of a table.</summary>
internal static class ListedText
{
    public static string Table(SocketTable table, string? columns = null, int? width = null) =>
        Text(table, bare: false, (output, cells) => new TableWriter(output, Columns(columns, all: width is not null), cells, table.Rows, All(table), width));

    public static string Csv(SocketTable table, string? columns = null) =>
        Text(table, bare: true, (output, cells) => new CsvWriter(output, Columns(columns, all: true), cells));

    public static string Json(SocketTable table) =>
        Text(table, bare: false, (output, _) => new JsonRowWriter(new JsonConnectionWriter(output, table, Identities(table), "node-\"1\"")));

    /// <summary>The only cell of the only row.</summary>
    public static string Cell(string column, in SocketRow row, params string[] comms) =>
        Table(Sockets.Rows.Table([row], comms), column).Split('\n')[1].Trim();

    public static int[] All(SocketTable table) => [.. Enumerable.Range(0, table.Rows.Length)];

    public static ProcessIdentity[] Identities(SocketTable table) => new ProgramLookup(
        table.Processes.ToDictionary(p => p.Key, p => new ProcessDetails { Key = p.Key, Comm = p.Comm, CommandLine = $"command of {p.Key.Pid}" }), _ => false).Identify(table);

    private static Column[] Columns(string? names, bool all) =>
        names is null ? [.. Column.All.Where(column => all || !column.IsWide)] : [.. names.Split(',').Select(Column.Parse)];

    private static string Text(SocketTable table, bool bare, Func<IBufferWriter<byte>, Cells, IRowWriter> make)
    {
        ArrayBufferWriter<byte> output = new();
        IRowWriter writer = make(output, new Cells(table, Identities(table), bare, names: null));
        writer.WriteHeader();
        foreach (ref readonly SocketRow row in table.Rows)
            writer.Write(in row);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
