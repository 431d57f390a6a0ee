using KaTrace.Benchmarks.Measuring;

namespace KaTrace.Benchmarks.Questions;

/// <summary>CPU time an event from the kernel's record to protobuf, beside messages that are made and then encoded: by the generated C#,
/// and by C++ in batches on an arena.</summary>
internal sealed class EncodeQuestion : IQuestion
{
    private const string Cpp = "encode_cpp";

    public string Name => "encode";

    public IEnumerable<Row> Ask(bool quick)
    {
        ulong count = quick ? 20_000ul : 500_000;
        int rounds = quick ? 1 : 7;
        List<(string Name, double Bound, Func<Peer> Start)> peers = [("Google.Protobuf", 6, () => Peer.StartOurs(1, Roles.Encoder, ["objects"]))];
        if (Peer.IsBuilt(Cpp))
            peers.Add(("C++, batches of 512 on an arena", 3, () => Peer.Start(1, Cpp)));
        foreach ((string name, double bound, Func<Peer> start) in peers)
        {
            Sample ours = new(), theirs = new();
            ulong ourBytes = 0, theirBytes = 0;
            using Peer our = Peer.StartOurs(1, Roles.Encoder, ["ours"]), their = start();
            our.WaitReady();
            their.WaitReady();
            for (int round = -1; round < rounds; round++)
            {
                ulong[] one = our.Ask(count), other = their.Ask(count);
                if (round < 0)
                    continue; // compiled, caches warm
                ours.Add((double)one[0] / count);
                theirs.Add((double)other[0] / count);
                (ourBytes, theirBytes) = (one[1] / count, other[1] / count);
            }

            our.Join();
            their.Join();
            yield return new Row($"encode, ns CPU an event of {ourBytes} bytes: {name} ({theirBytes} bytes)", ours.Text("0.0"), theirs.Text("0.0"), theirs.Median / ours.Median, Target.AtLeast(bound));
        }

        if (!Peer.IsBuilt(Cpp))
            yield return new Row("encode, ns CPU an event: C++, batches of 512 on an arena", "", Peer.WhyNotBuilt(Cpp, "g++ or no libprotobuf-dev"));
    }
}
