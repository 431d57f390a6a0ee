using KaTrace.Benchmarks.Measuring;

namespace KaTrace.Benchmarks.Questions;

/// <summary>Server CPU an event and subscriber, and delivered events a second, with 1, 10 and 100 subscribers; and how old an event is
/// when it comes. Beside servers that send a generated message an event, as most do: in Go, as Tetragon and Hubble, and in the same
/// framework as ours; and beside one in C++ that sends generated messages of 512 events, so not for latency.</summary>
internal sealed class FanoutQuestion : IQuestion
{
    private const ulong Deliveries = 1_000_000;

    private const string Ours = "ours";
    private const string Objects = "objects";
    private const string Go = "fanout_go";
    private const string Cpp = "fanout_cpp";

    public string Name => "fanout";

    public IEnumerable<Row> Ask(bool quick)
    {
        List<Rival> peers = [];
        foreach (Rival peer in (Rival[])[
            new(Go, "grpc-go, message an event", "Go or no grpc-go", _ => Target.AtLeast(12)),
            new(Objects, "grpc-dotnet, message an event", null, _ => Target.AtLeast(12)),
            new(Cpp, "grpc++, messages of 512 events", "g++ or no libgrpc++-dev", subscribers => subscribers == 1 ? null : Target.AtLeast(1)) { IsBatched = true }])
        {
            if (peer.Needs is null || Peer.IsBuilt(peer.Kind))
                peers.Add(peer);
            else
                yield return new Row($"fanout: {peer.Name}", "", Peer.WhyNotBuilt(peer.Kind, peer.Needs));
        }

        foreach (string transport in (string[])["unix", "tcp"])
        {
            foreach (int subscribers in quick ? (int[])[1, 10] : [1, 10, 100])
            {
                foreach (Row row in Deliver(transport, subscribers, peers, quick))
                    yield return row;
            }
        }

        Figures selective = Measure(Ours, "unix", 10, selective: true, rate: 0, quick ? 20_000ul : 200_000);
        yield return new Row("fanout, ns CPU an event and subscriber, 10 with a filter that shows 1 of 32,768", $"{selective.CpuNs:0}", "");
        foreach (int rate in (int[])[1_000, 10_000])
        {
            ulong count = (ulong)(quick ? rate / 5 : rate * 5);
            Figures ours = Measure(Ours, "unix", 1, false, rate, count);
            foreach (Rival rival in peers.Where(peer => !peer.IsBatched))
            {
                Figures peer = Measure(rival.Kind, "unix", 1, false, rate, count);
                yield return new Row($"fanout, us from made to received, p50, {rate:N0}/s: {rival.Name}", $"{ours.P50Us:0}", $"{peer.P50Us:0}", ours.P50Us / peer.P50Us, Target.AtMost(1));
                yield return new Row($"fanout, us from made to received, p99, {rate:N0}/s: {rival.Name}", $"{ours.P99Us:0}", $"{peer.P99Us:0}", ours.P99Us / peer.P99Us, Target.AtMost(1));
            }
        }
    }

    private static IEnumerable<Row> Deliver(string transport, int subscribers, IReadOnlyList<Rival> peers, bool quick)
    {
        Sample ours = new(), oursPerSecond = new();
        (Sample Cpu, Sample PerSecond)[] theirs = [.. peers.Select(_ => (new Sample(), new Sample()))];
        Figures last = default;
        ulong events = (quick ? Deliveries / 50 : Deliveries) / (ulong)subscribers;
        for (int round = 0; round < (quick ? 1 : 3); round++)
        {
            last = Measure(Ours, transport, subscribers, false, 0, events);
            ours.Add(last.CpuNs);
            oursPerSecond.Add(last.PerSecond / 1e6);
            for (int i = 0; i < peers.Count; i++)
            {
                Figures peer = Measure(peers[i].Kind, transport, subscribers, false, 0, peers[i].IsBatched ? events : events / 4);
                theirs[i].Cpu.Add(peer.CpuNs);
                theirs[i].PerSecond.Add(peer.PerSecond / 1e6);
            }
        }

        for (int i = 0; i < peers.Count; i++)
        {
            yield return new Row($"fanout, ns CPU an event and subscriber, {subscribers} on {transport}: {peers[i].Name}", ours.Text("0"), theirs[i].Cpu.Text("0"), theirs[i].Cpu.Median / ours.Median, peers[i].CpuTarget(subscribers));
            yield return new Row($"fanout, million deliveries/s, {subscribers} on {transport}: {peers[i].Name}", oursPerSecond.Text("0.00"), theirs[i].PerSecond.Text("0.00"), oursPerSecond.Median / theirs[i].PerSecond.Median);
        }

        yield return new Row($"fanout, bytes of garbage an event, {subscribers} on {transport}; MB of memory", $"{last.Garbage:0.0}; {last.Megabytes:0}", "");
    }

    private static Figures Measure(string kind, string transport, int subscribers, bool selective, int rate, ulong events)
    {
        using TemporaryAddress address = new(transport);
        using Peer server = kind is Go or Cpp ? Peer.Start(0, kind, [address.Text, $"{rate}"]) : Peer.StartOurs(0, Roles.FanoutServer, [kind, address.Text, $"{rate}"]);
        server.WaitReady();
        using Peer client = Peer.StartOurs(1, Roles.FanoutClient, [address.Text, $"{subscribers}", $"{selective}"]);
        client.WaitReady();
        if (rate == 0)
            Run(events / 10); // compiled, connected, buffers grown
        (ulong[] made, ulong[] received) = Run(events);
        client.Join();
        server.Join();
        double deliveries = (double)events * (ulong)subscribers;
        return new Figures(made[0] / deliveries, deliveries / (made[1] / 1e9), (double)made[2] / events, made[3] / 1e6, received[0] / 1e3, received[1] / 1e3);

        (ulong[] Made, ulong[] Received) Run(ulong count)
        {
            client.Tell(selective ? count / 32_768 * (ulong)subscribers : count * (ulong)subscribers);
            return (server.Ask(count), client.Hear());
        }
    }

    /// <param name="Kind">Of a server.</param>
    /// <param name="Name">For the table.</param>
    /// <param name="Needs">What it takes to build it; null: it is built in.</param>
    /// <param name="CpuTarget">Of its CPU time to ours, by the number of subscribers; null: none.</param>
    private sealed record Rival(string Kind, string Name, string? Needs, Func<int, Target?> CpuTarget)
    {
        /// <summary>It waits until a message is full.</summary>
        public bool IsBatched { get; init; }
    }

    private readonly record struct Figures(double CpuNs, double PerSecond, double Garbage, double Megabytes, double P50Us, double P99Us);
}
