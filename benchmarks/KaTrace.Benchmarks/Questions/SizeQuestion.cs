using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using KaTrace.Benchmarks.Measuring;

namespace KaTrace.Benchmarks.Questions;

/// <summary>What a minute of connections that probe each second takes on the disk: a recording, and what one would keep instead.</summary>
internal sealed partial class SizeQuestion : IQuestion
{
    private const int Connections = 200;
    private const int Seconds = 60;
    private const int QuickSeconds = 5;

    /// <summary>Client and server in a network namespace each, joined by a veth pair; each connection probes after a second of silence.</summary>
    private const string Traffic = """
        import socket, sys, time
        o = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1), (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1), (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)]
        n = int(sys.argv[2])
        if sys.argv[1] == 'server':
            l = socket.socket(); l.bind(('10.8.0.2', 5432)); l.listen(n); print('ready', flush=True)
            a = [l.accept()[0] for i in range(n)]
        else:
            s = [socket.create_connection(('10.8.0.2', 5432)) for i in range(n)]
            [c.setsockopt(*p) for c in s for p in o]
            print('ready', flush=True)
        sys.stdin.read()
        """;

    public string Name => "size";

    public IEnumerable<Row> Ask(bool quick)
    {
        int seconds = quick ? QuickSeconds : Seconds;
        DirectoryInfo directory = Directory.CreateTempSubdirectory("katrace-bench-");
        (string left, string right) = ($"kasize-{Environment.ProcessId}-l", $"kasize-{Environment.ProcessId}-r");
        try
        {
            Shell($"ip netns add {left}; ip netns add {right}; ip -n {left} link add v0 type veth peer name v0 netns {right};"
                + $"ip -n {left} addr add 10.8.0.1/24 dev v0; ip -n {right} addr add 10.8.0.2/24 dev v0; ip -n {left} link set v0 up; ip -n {right} link set v0 up");
            using Process server = Python(right, "server"), client = Python(left, "client");
            Row[] rows = Measure(directory.FullName, left, seconds);
            client.StandardInput.Close();
            server.StandardInput.Close();
            return rows;
        }
        finally
        {
            Shell($"ip netns del {left}; ip netns del {right}");
            directory.Delete(recursive: true);
        }
    }

    private static Row[] Measure(string directory, string netns, int seconds)
    {
        string File(string name) => Path.Combine(directory, name);
        string katrace = Machine.NativeCommand ?? Machine.ManagedCommand;
        string record = $"{katrace} record --netns {netns} --duration {seconds}s -o";
        // All at once, over the same time.
        string pcap = Has("tshark") ? $"tshark -q -i v0 -F pcap -w {File("a.pcap")} -a duration:{seconds}" : $"timeout {seconds} tcpdump -q -i v0 -w {File("a.pcap")}";
        Process[] all =
        [
            Bash($"{record} {File("plain.katrace")}"), Bash($"{record} {File("zstd.katrace")} --compress"),
            Bash($"ip netns exec {netns} {pcap}"),
            Bash($"end=$((SECONDS+{seconds})); while [ $SECONDS -lt $end ]; do ip netns exec {netns} ss -tnoei; sleep 1; done > {File("ss.txt")}"),
        ];
        Task<string>[] errors = [.. all.Select(process => process.StandardError.ReadToEndAsync())];
        foreach ((int i, Process process) in all.Index())
        {
            process.WaitForExit();
            if (process.ExitCode is not (0 or 124))
                throw new BenchmarkException($"{process.StartInfo.ArgumentList[1]}: exit {process.ExitCode}: {errors[i].Result}");
            process.Dispose();
        }

        Shell($"zstd -q -1 {File("a.pcap")} -o {File("a.pcap.zst")}; zstd -q -1 {File("ss.txt")} -o {File("ss.txt.zst")}");
        double events = Events(Output($"{katrace} inspect {File("plain.katrace")}"));
        if (events < Connections * (seconds - 3))
            throw new BenchmarkException($"{events} events of {Connections} connections that probe each second, in {seconds} s");
        string Peer(string peer, string compressed) => $"{Kilobytes(File(peer))}; {Kilobytes(File(compressed))}";
        double Length(string name) => new FileInfo(File(name)).Length;
        string capture = Has("tshark") ? "tshark -F pcap" : "tcpdump -w";
        return
        [
            new Row($"size, kB of {seconds} s, {Connections} connections, as it is; zstd: {capture}", Peer("plain.katrace", "zstd.katrace"), Peer("a.pcap", "a.pcap.zst"), Length("zstd.katrace") / Length("a.pcap"), Target.AtMost(1)),
            new Row("the same: ss -tnoei each second", Peer("plain.katrace", "zstd.katrace"), Peer("ss.txt", "ss.txt.zst"), Length("zstd.katrace") / Length("ss.txt"), Target.AtMost(1)),
            new Row("size, bytes an event; zstd", $"{Length("plain.katrace") / events:0.0}; {Length("zstd.katrace") / events:0.0}", "", null),
            new Row("size, bytes of pcap, and of ss, an event", "", $"{Length("a.pcap") / events:0.0}; {Length("ss.txt") / events:0.0}", null),
        ];
    }

    private static string Kilobytes(string file) => string.Create(CultureInfo.InvariantCulture, $"{new FileInfo(file).Length / 1000.0:N0}");

    private static double Events(string inspected) => EventsLine().Match(inspected) is { Success: true } match
        ? double.Parse(match.Groups[1].Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture)
        : throw new BenchmarkException($"inspect says no number of events: {inspected}");

    private static bool Has(string command) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(directory => System.IO.File.Exists($"{directory}/{command}"));

    private static Process Python(string netns, string role)
    {
        Process process = Process.Start(new ProcessStartInfo("ip", ["netns", "exec", netns, "python3", "-c", Traffic, role, $"{Connections}"]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        return process.StandardOutput.ReadLine() == "ready" ? process : throw new BenchmarkException($"the {role} does not run");
    }

    private static Process Bash(string command) => Process.Start(new ProcessStartInfo("bash", ["-c", command]) { RedirectStandardError = true })!;

    private static void Shell(string commands) => Output($"set -e; {commands}");

    private static string Output(string command)
    {
        using Process process = Process.Start(new ProcessStartInfo("bash", ["-c", command]) { RedirectStandardOutput = true })!;
        string said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? said : throw new BenchmarkException($"{command}: exit {process.ExitCode}");
    }

    [GeneratedRegex("^events +([0-9,]+)", RegexOptions.Multiline)]
    private static partial Regex EventsLine();
}
