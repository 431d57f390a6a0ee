using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using KaTrace.Benchmarks.Measuring;

namespace KaTrace.Benchmarks.Questions;

/// <summary>A capture of 1 GiB, decoded and counted by <c>katrace inspect</c>, in CPU time of the whole process.</summary>
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

            yield return new Row("replay, ms of CPU: cat", ofPlain.Text("0"), cat.Text("0"), ofPlain.Median / cat.Median, Target.AtMost(2));
            yield return new Row("replay of zstd, ms of CPU: zstd -dc", ofCompressed.Text("0"), zstd.Text("0"), ofCompressed.Median / zstd.Median, Target.AtMost(1.3));
            yield return new Row("replay, million events a second of CPU: of zstd", $"{events / ofPlain.Median / 1000:0.0}", $"{events / ofCompressed.Median / 1000:0.0}");
            yield return new Row("bytes an event in a capture: zstd", $"{new FileInfo(plain).Length / (double)events:0.0}", $"{new FileInfo(compressed).Length / (double)events:0.0}");
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static double Inspect(string katrace, string file, ulong events)
    {
        double time = Time($"{katrace} inspect {file}", out string said);
        return Regex.IsMatch(said, $"^events +{events:N0}, ", RegexOptions.Multiline) ? time : throw new BenchmarkException($"the events do not add up: {said}");
    }

    private static double Time(string command) => Time(command, out _);

    /// <returns>Milliseconds of CPU time, of user and kernel.</returns>
    private static double Time(string command, out string said)
    {
        using Process process = Process.Start(new ProcessStartInfo("bash", ["-c", $"TIMEFORMAT='%U %S'; time {command}"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new BenchmarkException($"{command}: exit {process.ExitCode}: {errors.Result}");
        string[] seconds = errors.Result.TrimEnd().Split('\n')[^1].Split(' ');
        return 1000 * seconds.Sum(part => double.Parse(part, CultureInfo.InvariantCulture));
    }
}
