namespace KaTrace.Benchmarks.Measuring;

/// <summary>Rows as plain text, aligned.</summary>
internal static class Table
{
    private static readonly string[] Head = ["question", "ours", "peer", "ratio", "target", ""];

    public static void Write(TextWriter output, IReadOnlyList<Row> rows)
    {
        string[][] cells = [Head, .. rows.Select(Cells)];
        int[] widths = [.. Enumerable.Range(0, Head.Length).Select(column => cells.Max(row => row[column].Length))];
        foreach (string[] row in cells)
            output.WriteLine(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
    }

    private static string[] Cells(Row row) =>
    [
        row.Question,
        row.Ours,
        row.Peer,
        row.Ratio is { } ratio ? $"{ratio:0.00}" : "",
        row.Target?.ToString() ?? "",
        row is { Target: { } target, Ratio: { } reached } ? (target.IsMet(reached) ? "met" : "missed") : "",
    ];
}
