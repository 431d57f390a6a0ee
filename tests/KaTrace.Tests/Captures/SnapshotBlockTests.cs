using CsCheck;
using Google.Protobuf;
using KaTrace.Captures;
using KaTrace.Cli.Recording;
using KaTrace.Cli.Replaying;
using KaTrace.Events;
using KaTrace.Hosts;
using KaTrace.Processes;
using KaTrace.Sockets;
using KaTrace.Tests.Hosts;
using KaTrace.Tests.Sockets;
using KaTrace.V1;

namespace KaTrace.Tests.Captures;

/// <summary>What the host was at some moments, in a recording of its events.</summary>
public sealed class SnapshotBlockTests
{
    private static readonly FilterList Everything = new();

    [Fact]
    public void Any_host_is_in_a_capture_as_it_was() => Gen.Select(Gen.Int[0, int.MaxValue], Gen.Bool).Sample(
        (seed, compress) =>
        {
            MadeUpLook look = RandomHosts.Look(seed);
            byte[] capture = Record(compress ? Compression.Zstd : Compression.None, SnapshotPart.Of(look, 1, 5, 6));

            Assert.Equal(PrintedHost.Of(look), PrintedHost.Of(Assert.Single(Snapshots(capture)).Look));
        },
        iter: 200);

    [Fact]
    public void A_large_host_is_split_over_blocks()
    {
        byte[] capture = Record(Compression.None, SnapshotPart.Of(Large(20_000), 1, 5, 6));

        (int Offset, int End, BlockKind Kind)[] parts = [.. BlockBytes.Find(capture).Where(block => block.Kind == BlockKind.Snapshot)];
        Assert.InRange(parts.Length, 5, 50);
        Assert.All(parts, part => Assert.InRange(part.End - part.Offset, 1, 1 << 20));
        Assert.Equal(20_000, Assert.Single(Snapshots(capture)).Look.Table.Rows.Length);
    }

    [Fact]
    public void A_snapshot_without_one_of_its_parts_is_none()
    {
        SnapshotPart[] parts = [.. SnapshotPart.Of(Large(3_000), 1, 5, 6)];
        Assert.InRange(parts.Length, 3, 50);

        for (int missing = 0; missing < parts.Length; missing++)
            Assert.Empty(Snapshots(Record(Compression.None, [.. parts[..missing], .. parts[(missing + 1)..]])));
        Assert.Empty(Snapshots(Record(Compression.None, [.. parts[..2], .. SnapshotPart.Of(Large(3_000), 1, 7, 8).Skip(2)])));
    }

    [Fact]
    public void Each_file_of_a_rotation_begins_with_the_host()
    {
        using TemporaryDirectory directory = new();
        int looks = 0;
        using (CaptureRecorder recorder = new(new CaptureOptions { Path = directory.File("a.katrace"), RotateSize = 100_000 }, new Recorded().Header))
        {
            CaptureWriter writer = new(recorder);
            using (SnapshotTaker taker = new(recorder, () => new MadeUpSource(() => Named(Interlocked.Increment(ref looks))), Everything, TimeSpan.Zero, warning => Assert.Fail(warning)))
            {
                Recorded recorded = new();
                for (int file = 1; file <= 3; file++)
                {
                    Wait(() => directory.Files.Length == file && HasSnapshot(directory.Files[^1]), $"file {file} has the host");
                    // Three blocks fill a file, and the next one finds that.
                    for (int i = 0; i < (file == 1 ? 4 : file == 2 ? 3 : 0); i++)
                        Block(recorded, writer);
                }
            }

            writer.Complete();
            recorder.Complete(new CaptureEnd());
        }

        Assert.Equal(3, directory.Files.Length);
        Assert.Equal(["1", "2", "3"], directory.Files.Select(file => Assert.Single(Snapshots(File.ReadAllBytes(file))).Look.NodeName));
    }

    /// <summary>The file before has the other half of it, and of the next one it says nothing.</summary>
    [Fact]
    public void What_is_left_of_a_snapshot_when_its_file_ends_is_not_in_the_next_one()
    {
        using TemporaryDirectory directory = new();
        SnapshotPart[] parts = [.. SnapshotPart.Of(Large(3_000), 1, 5, 6)], whole = [.. SnapshotPart.Of(Large(1), 1, 7, 8)];
        new Recorded().Write(
            [
                Parts(parts[..2]), Block, Block, Block, // the third finds that the file is full
                Parts(parts[2..]), Parts(whole),
                Parts([.. SnapshotPart.Of(Large(2), 2, 9, 10)]), Block,
            ],
            new CaptureOptions { Path = directory.File("a.katrace"), RotateSize = 50_000 });

        Assert.Equal([2, 2], directory.Files.Select(file => BlockBytes.Find(File.ReadAllBytes(file)).Count(block => block.Kind == BlockKind.Snapshot)));
        Assert.Empty(Snapshots(File.ReadAllBytes(directory.Files[0])));
        Assert.Equal(9ul, Assert.Single(Snapshots(File.ReadAllBytes(directory.Files[1]))).Info.BegunNs);

    }

    [Fact]
    public void However_large_a_host_is_the_files_of_a_rotation_are_as_large_as_their_events()
    {
        using TemporaryDirectory directory = new();
        new Recorded().Write(
            [Parts([.. SnapshotPart.Of(Large(3_000), 1, 5, 6)]), Block, Block, Block, Block, Block],
            new CaptureOptions { Path = directory.File("a.katrace"), RotateSize = 50_000 });

        Assert.Equal([2, 2, 1], directory.Files.Select(file => BlockBytes.Find(File.ReadAllBytes(file)).Count(block => block.Kind == BlockKind.Records)));
    }

    [Fact]
    public void The_host_is_looked_at_again_and_again()
    {
        using TemporaryDirectory directory = new();
        int looks = 0;
        using CaptureRecorder recorder = new(new CaptureOptions { Path = directory.File("a.katrace") }, new Recorded().Header);
        using (new SnapshotTaker(recorder, () => new MadeUpSource(() => Named(Interlocked.Increment(ref looks))), Everything, TimeSpan.FromMilliseconds(20), warning => Assert.Fail(warning)))
            Wait(() => Volatile.Read(ref looks) >= 4, "four looks");
        recorder.Complete(new CaptureEnd());

        Assert.InRange(Snapshots(File.ReadAllBytes(directory.Files[0])).Count, 3, looks);
    }

    [Fact]
    public void A_host_that_cannot_be_looked_at_is_said_once_and_the_events_are_recorded()
    {
        using TemporaryDirectory directory = new();
        List<string> warnings = [];
        using CaptureRecorder recorder = new(new CaptureOptions { Path = directory.File("a.katrace") }, new Recorded().Header);
        CaptureWriter writer = new(recorder);
        using (new SnapshotTaker(recorder, () => throw new IOException("the kernel has no such thing"), Everything, TimeSpan.FromMilliseconds(1), warnings.Add))
            new Recorded().Event(writer, Sample.Probe, null, Sample.Clock);
        writer.Complete();
        recorder.Complete(new CaptureEnd());

        Assert.Equal("the sockets of the host are not in the recording, from here on: the kernel has no such thing", Assert.Single(warnings));
        Assert.Single(Replayed.Of(File.ReadAllBytes(directory.Files[0])).Lines);
    }

    [Fact]
    public void One_that_would_make_the_recording_too_large_is_left_out_and_the_events_are_not()
    {
        using TemporaryDirectory directory = new();
        using CaptureRecorder recorder = new(new CaptureOptions { Path = directory.File("a.katrace"), MaxSize = 400_000 }, new Recorded().Header);
        CaptureWriter writer = new(recorder);
        SnapshotPart[] parts = [.. SnapshotPart.Of(Large(10_000), 1, 5, 6)];
        foreach (SnapshotPart part in parts.Append(parts[0])) // for the last there would be room
            recorder.Write(part);
        new Recorded().Event(writer, Sample.Probe, null, Sample.Clock);
        writer.Complete();
        recorder.Complete(new CaptureEnd());

        Assert.True(recorder.OmitsSnapshots);
        byte[] capture = File.ReadAllBytes(directory.Files[0]);
        Assert.Equal(2, BlockBytes.Find(capture).Count(block => block.Kind == BlockKind.Snapshot)); // the host, and as many of its sockets as there is room for; nothing behind
        Assert.Empty(Snapshots(capture));
        Assert.Single(Replayed.Of(capture).Lines);
        Assert.True(Replayed.Of(capture).IsWhole);
    }

    [Fact]
    public void Filters_of_the_recording_are_those_of_its_hosts()
    {
        MadeUpHost host = new();
        int redis = host.Process(7, "redis-server"), other = host.Process(8, "secret");
        int listener = host.Listen(redis, "10.0.0.5:6379");
        host.Accept(listener, "10.0.0.9:40000");
        host.Connect(other, "10.0.0.5:40001", "10.0.0.9:443");

        IHostLook look = FilteredLook.Of(new MadeUpLook(host.Table), new FilterList { AllowList = { new Filter { Port = { 6379 } } } });

        Assert.Equal([6379, 6379], look.Table.Rows.ToArray().Select(row => (int)row.Lport));
        Assert.Equal(["redis-server"], look.Table.Processes.Select(process => process.Comm));
        Assert.Equal(0, look.Table.Rows[1].Listener);
        Assert.Equal(0, look.Table.HoldersOf(in look.Table.Rows[1])[0].Process);
    }

    /// <summary>So does a reader of before there were snapshots, which knows no kind 5.</summary>
    [Theory]
    [InlineData("demo", 5)]
    [InlineData("kernel-5.10", 5)]
    [InlineData("lossy", 77)]
    public void A_reader_passes_over_what_it_does_not_look_for(string name, int kind)
    {
        string path = Path.Combine(CapturedTraceTests.Tests, "KaTrace.Tests", "Captures", name);
        byte[] capture = File.ReadAllBytes($"{path}.katrace");
        byte[] recorded = Record(Compression.Zstd, SnapshotPart.Of(Large(3_000), 1, 5, 6));
        byte[][] parts = [.. BlockBytes.Find(recorded).Where(block => block.Kind == BlockKind.Snapshot).Select(block => BlockBytes.With(recorded, block, (ref BlockHead head) => head.Kind = (BlockKind)kind)[block.Offset..block.End])];
        byte[] mixed = capture[..BlockBytes.Find(capture).First().End];
        foreach ((int index, (int offset, int end, _)) in BlockBytes.Find(capture).Skip(1).Index())
            mixed = [.. mixed, .. parts[index % parts.Length], .. capture[offset..end]];

        Assert.True(Replayed.Of(mixed).IsWhole);
        Assert.Equal(File.ReadAllLines($"{path}.jsonl"), Replayed.Of(mixed).Lines);
    }

    [Theory]
    [InlineData("bytes that are no message", "it holds no message of its kind")]
    [InlineData("a process twice", "it claims process 7 twice")]
    public void A_host_that_cannot_be_is_damage_at_its_block(string title, string damage)
    {
        CaptureSnapshot message = new() { Host = new Host { Hz = 250, NodeName = "n", Time = new() } };
        for (int i = 0; i < 2; i++)
            message.Host.Processes.Add(new HostProcess { Process = new V1.Process { Pid = 7, Comm = "p" } });
        byte[] body = title == "a process twice" ? message.ToByteArray() : [0xff, 0xff, 0xff];
        byte[] capture = Record(Compression.None, [new SnapshotPart(1, new SnapshotInfo { BegunNs = 5, Part = 1, IsLast = 1 }, body)]);
        int offset = BlockBytes.Find(capture).Single(block => block.Kind == BlockKind.Snapshot).Offset;

        Assert.Equal($"a.katrace is damaged in the block at byte {offset}: {damage}; what lies before it was read", Assert.Throws<InvalidDataException>(() => Snapshots(capture)).Message);
    }

    [Fact]
    public void Inspect_says_what_snapshots_there_are()
    {
        byte[] bytes = Record(Compression.None, [.. SnapshotPart.Of(Large(3_000), 1, 5, 6), .. SnapshotPart.Of(Large(2), 1, 7, 8), SnapshotPart.Of(Large(3_000), 1, 9, 10).First()]);
        using Capture capture = Capture.Read(new MemoryStream(bytes), "a.katrace");
        StringWriter text = new();

        Assert.True(new Inspection(capture, text).Run(listBlocks: true));

        Assert.Matches("(?m)^snapshots +2 in [0-9]+ blocks, the last of 2 sockets at 2026-11-26T12:00:00[.]000Z$", text.ToString());
        Assert.Matches("(?m)^block at [0-9]+ +part 2 of the snapshot at 7 ns: 0 processes, 2 sockets in [0-9]+ bytes; its last$", text.ToString());
    }

    /// <summary>What a reader that looks for them finds.</summary>
    internal static List<(SnapshotInfo Info, IHostLook Look)> Snapshots(byte[] bytes)
    {
        List<(SnapshotInfo, IHostLook)> found = [];
        using Capture capture = Capture.Read(new MemoryStream(bytes), "a.katrace");
        SnapshotAssembly assembly = new(capture);
        capture.OnSnapshot = (in info, read) =>
        {
            if (assembly.TryAdd(in info, read(), out IHostLook? look))
                found.Add((info, look));
        };
        while (capture.TryReadRecords(out _))
        {
        }

        return found;
    }

    private static Action<Recorded, CaptureWriter> Parts(SnapshotPart[] parts) => (recorded, _) => Array.ForEach(parts, recorded.Recorder!.Write);

    /// <summary>Of 46 KB.</summary>
    private static void Block(Recorded recorded, CaptureWriter writer)
    {
        for (int i = 0; i < 200; i++)
            recorded.Event(writer, Sample.Probe, null, Sample.Clock);
        writer.SealIfOld(ulong.MaxValue);
    }

    /// <summary>Of a file that is being written: it may not even have its header.</summary>
    private static bool HasSnapshot(string path)
    {
        try
        {
            return Snapshots(File.ReadAllBytes(path)).Count > 0;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    private static byte[] Record(Compression compression, IEnumerable<SnapshotPart> parts)
    {
        using TemporaryDirectory directory = new();
        string path = directory.File("a.katrace");
        using CaptureRecorder recorder = new(new CaptureOptions { Path = path, Compression = compression }, new Recorded().Header);
        foreach (SnapshotPart part in parts)
            recorder.Write(part);
        recorder.Complete(new CaptureEnd());
        return File.ReadAllBytes(path);
    }

    private static MadeUpLook Large(int sockets)
    {
        MadeUpHost host = new();
        for (int i = 0; i < sockets; i++)
            host.Connect(null, $"10.0.0.5:{1 + (i % 60_000)}", "10.0.0.9:5432");
        return new MadeUpLook(host.Table);
    }

    private static MadeUpLook Named(int number) => new(new MadeUpHost().Table) { NodeName = $"{number}" };

    private static void Wait(Func<bool> condition, string what) => Assert.True(SpinWait.SpinUntil(condition, TimeSpan.FromSeconds(30)), what);

    private sealed class MadeUpSource(Func<IHostLook> look) : IHostSource
    {
        public IHostLook Look(bool programs) => look();

        public void Dispose()
        {
        }
    }
}
