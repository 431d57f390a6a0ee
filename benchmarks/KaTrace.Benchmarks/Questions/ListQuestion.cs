using System.Globalization;
using KaTrace.Benchmarks.Measuring;

namespace KaTrace.Benchmarks.Questions;

/// <summary>All TCP sockets of the host with their processes and timers, into a file: wall time, and peak memory of ours.</summary>
internal sealed class ListQuestion : IQuestion
{
    private const int Rounds = 5;
    private const double MostMegabytes = 100;

    private static readonly Listing[] Ours = [new("table", Command, "list"), new("json", Command, "list", "-o", "json")];
    private static readonly Listing[] Peers = [new("ss", "ss", "-tnpo"), new("netstat", "netstat", "-tnapo")];

    public string Name => "list";

    private static string Command => Machine.NativeCommand ?? Machine.ManagedCommand;

    public IEnumerable<Row> Ask(bool quick)
    {
        foreach (int count in (int[])(quick ? [1_000] : [1_000, 10_000, 50_000, 100_000]))
        {
            foreach (Row row in Ask(count, quick ? 1 : Rounds))
                yield return row;
        }
    }

    private static IEnumerable<Row> Ask(int count, int rounds)
    {
        using Peer sockets = Peer.Start(0, "many_sockets", count);
        sockets.WaitReady();
        Listing[] present = [.. Ours.Concat(Peers.Where(peer => peer.IsInstalled))];
        Dictionary<Listing, (Sample Milliseconds, Sample Megabytes)> figures = present.ToDictionary(listing => listing, _ => (new Sample(), new Sample()));
        for (int round = 0; round < rounds; round++)
        {
            foreach (Listing listing in present)
            {
                (double milliseconds, double megabytes) = listing.Run(count);
                figures[listing].Milliseconds.Add(milliseconds);
                figures[listing].Megabytes.Add(megabytes);
            }
        }

        sockets.Join();
        foreach (Listing ours in Ours)
        {
            foreach (Listing peer in Peers)
                yield return Compare(count, ours, peer, figures);
        }

        foreach (Listing ours in Ours)
        {
            Sample memory = figures[ours].Megabytes;
            yield return new Row(Question(count, $"{ours.Name}, peak MB"), memory.Text("0"), "", memory.Median, count == 100_000 ? Target.AtMost(MostMegabytes) : null);
        }
    }

    private static Row Compare(int count, Listing ours, Listing peer, Dictionary<Listing, (Sample Milliseconds, Sample Megabytes)> figures)
    {
        string question = Question(count, $"{ours.Name}, ms: {peer.Name}");
        Sample own = figures[ours].Milliseconds;
        if (!figures.TryGetValue(peer, out (Sample Milliseconds, Sample _) theirs))
            return new Row(question, own.Text("0"), $"{peer.Name} is not installed");
        Target? target = (peer.Name, count) switch
        {
            ("ss", 50_000) => Target.AtLeast(4),
            ("ss", 10_000) => Target.AtLeast(1.5),
            _ => null,
        };
        return new Row(question, own.Text("0"), theirs.Milliseconds.Text("0"), theirs.Milliseconds.Median / own.Median, target);
    }

    private static string Question(int count, string what) => string.Create(CultureInfo.InvariantCulture, $"list, {count} sockets, {what}");

    /// <summary>A command that lists sockets.</summary>
    private sealed record Listing(string Name, string Command, params string[] Arguments)
    {
        public bool IsInstalled => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(directory => File.Exists($"{directory}/{Command}"));

        /// <summary>Once, with its output in a file, which has to hold all sockets.</summary>
        public (double Milliseconds, double Megabytes) Run(int count)
        {
            string file = Path.GetTempFileName();
            try
            {
                ulong[] measured = Peer.Run(1, "measured", [file, Command, .. Arguments]);
                int lines = File.ReadLines(file).Count();
                if (measured[2] != 0 || lines < count)
                    throw new BenchmarkException($"{Command} ended with {measured[2]} and wrote {lines} lines for {count} sockets");
                return (measured[0] / 1000.0, measured[1] / 1024.0);
            }
            finally
            {
                File.Delete(file);
            }
        }
    }
}
