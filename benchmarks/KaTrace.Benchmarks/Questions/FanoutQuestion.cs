using KaTrace.Benchmarks.Measuring;

namespace KaTrace.Benchmarks.Questions;

/// <summary>Server CPU an event and subscriber, and delivered events a second, with 1, 10 and 100 subscribers; and how old an event is
/// when it comes. Beside servers that send a generated message an event, as most do: in Go, as Tetragon and Hubble, and in the same
/// framework as ours.</summary>
internal sealed class FanoutQuestion : IQuestion
{
    private const ulong Deliveries = 1_000_000;

    private const string Ours = "ours";
    private const string Objects = "objects";
    private const string Go = "fanout_go";

    public string Name => "fanout";

    public IEnumerable<Row> Ask(bool quick)
    {
        (string Kind, string Name)[] peers = Peer.IsBuilt(Go) ? [(Go, "grpc-go, message an event"), (Objects, "grpc-dotnet, message an event")] : [(Objects, "grpc-dotnet, message an event")];
        if (!Peer.IsBuilt(Go))
            yield return new Row("fanout: grpc-go, message an event", "", "not built: no Go or no grpc-go here");
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
            foreach ((string kind, string name) in peers)
            {
                Figures peer = Measure(kind, "unix", 1, false, rate, count);
                yield return new Row($"fanout, us from made to received, p50, {rate:N0}/s: {name}", $"{ours.P50Us:0}", $"{peer.P50Us:0}", ours.P50Us / peer.P50Us, Target.AtMost(1));
                yield return new Row($"fanout, us from made to received, p99, {rate:N0}/s: {name}", $"{ours.P99Us:0}", $"{peer.P99Us:0}", ours.P99Us / peer.P99Us, Target.AtMost(1));
            }
        }
    }

    private static IEnumerable<Row> Deliver(string transport, int subscribers, (string Kind, string Name)[] peers, bool quick)
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
            for (int i = 0; i < peers.Length; i++)
            {
                Figures peer = Measure(peers[i].Kind, transport, subscribers, false, 0, events / 4);
                theirs[i].Cpu.Add(peer.CpuNs);
                theirs[i].PerSecond.Add(peer.PerSecond / 1e6);
            }
        }

        for (int i = 0; i < peers.Length; i++)
        {
            yield return new Row($"fanout, ns CPU an event and subscriber, {subscribers} on {transport}: {peers[i].Name}", ours.Text("0"), theirs[i].Cpu.Text("0"), theirs[i].Cpu.Median / ours.Median, Target.AtLeast(12));
            yield return new Row($"fanout, million deliveries/s, {subscribers} on {transport}: {peers[i].Name}", oursPerSecond.Text("0.00"), theirs[i].PerSecond.Text("0.00"), oursPerSecond.Median / theirs[i].PerSecond.Median);
        }

        yield return new Row($"fanout, bytes of garbage an event, {subscribers} on {transport}; MB of memory", $"{last.Garbage:0.0}; {last.Megabytes:0}", "");
    }

    private static Figures Measure(string kind, string transport, int subscribers, bool selective, int rate, ulong events)
    {
        using TemporaryAddress address = new(transport);
        using Peer server = kind == Go ? Peer.Start(0, Go, [address.Text, $"{rate}"]) : Peer.StartOurs(0, Roles.FanoutServer, [kind, address.Text, $"{rate}"]);
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

    private readonly record struct Figures(double CpuNs, double PerSecond, double Garbage, double Megabytes, double P50Us, double P99Us);
}
