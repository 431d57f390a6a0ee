using System.Diagnostics;
using KaTrace.Benchmarks.Measuring;

namespace KaTrace.Benchmarks.Questions;

/// <summary>A capture of 1 GiB, decoded and counted by <c>katrace inspect</c>, in wall time of the whole process.</summary>
internal sealed class ReplayQuestion : IQuestion
{
    private const int Rounds = 5;
    private const long Bytes = 1L << 30;
    private const long QuickBytes = 8L << 20;

    public string Name => "replay";

    public IEnumerable<Row> Ask(bool quick)
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("katrace-bench-");
        try
        {
            string plain = Path.Combine(directory.FullName, "plain.katrace"), compressed = Path.Combine(directory.FullName, "zstd.katrace"), peer = Path.Combine(directory.FullName, "plain.zst");
            ulong events = CaptureFill.Write(plain, quick ? QuickBytes : Bytes, Captures.Compression.None);
            if (CaptureFill.Write(compressed, quick ? QuickBytes : Bytes, Captures.Compression.Zstd) != events)
                throw new BenchmarkException("the two captures differ");
            Time($"zstd -1 -q -f {plain} -o {peer}");

            string katrace = Machine.NativeCommand ?? Machine.ManagedCommand;
            Sample cat = new(), zstd = new(), ofPlain = new(), ofCompressed = new();
            for (int round = 0; round < (quick ? 1 : Rounds); round++)
            {
                cat.Add(Time($"cat {plain} > /dev/null"));
                ofPlain.Add(Inspect(katrace, plain, events));
                zstd.Add(Time($"zstd -dcq {peer} > /dev/null"));
                ofCompressed.Add(Inspect(katrace, compressed, events));
            }

            yield return new Row("replay, ms: cat", ofPlain.Text("0"), cat.Text("0"), ofPlain.Median / cat.Median, Target.AtMost(2));
            yield return new Row("replay of zstd, ms: zstd -dc", ofCompressed.Text("0"), zstd.Text("0"), ofCompressed.Median / zstd.Median, Target.AtMost(1.3));
            yield return new Row("replay, million events/s: of zstd", $"{events / ofPlain.Median / 1000:0.0}", $"{events / ofCompressed.Median / 1000:0.0}");
            yield return new Row("bytes an event in a capture: zstd", $"{new FileInfo(plain).Length / (double)events:0.0}", $"{new FileInfo(compressed).Length / (double)events:0.0}");
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static double Inspect(string katrace, string file, ulong events) =>
        Time($"{katrace} inspect {file} | tee /dev/stderr | grep -qx 'events  *{events:N0}, .*' || {{ echo 'the events do not add up'; exit 1; }}");

    /// <returns>Milliseconds.</returns>
    private static double Time(string command)
    {
        long begun = Stopwatch.GetTimestamp();
        using Process process = Process.Start(new ProcessStartInfo("bash", ["-c", command]) { RedirectStandardError = true })!;
        string said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        TimeSpan elapsed = Stopwatch.GetElapsedTime(begun);
        return process.ExitCode == 0 ? elapsed.TotalMilliseconds : throw new BenchmarkException($"{command}: exit {process.ExitCode}: {said}");
    }
}
