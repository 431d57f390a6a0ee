using KaTrace.Captures;
using KaTrace.Events;
using KaTrace.Processes;

namespace KaTrace.Tests.Captures;

/// <summary>A recording in several files, and one that is as large as it may be.</summary>
public sealed class RotationTests
{
    /// <summary>Some 2.7 MB of them.</summary>
    private static readonly Action<Recorded, CaptureWriter>[] Steps = [.. Enumerable.Range(0, 12_000).Select(i =>
    {
        ProcessIdentity process = Sample.Process((uint)(i % 7) + 1, 1, "p"u8, $"p {i % 7}");
        return (Action<Recorded, CaptureWriter>)((r, w) => r.Event(w, Sample.Probe, process, Sample.Clock));
    })];

    [Fact]
    public void The_files_of_a_rotation_together_are_the_recording()
    {
        using TemporaryDirectory directory = new();
        Recorded recorded = new();
        recorded.Write(Steps, new CaptureOptions { Path = directory.File("a.katrace"), RotateSize = 600_000 });

        string[] files = directory.Files;
        Assert.Equal(["a-000001.katrace", "a-000002.katrace", "a-000003.katrace", "a-000004.katrace"], files.Select(Path.GetFileName));
        Assert.Equal(recorded.Lines, Replayed.Of(files.Select(File.ReadAllBytes)).Lines);
    }

    [Fact]
    public void Each_file_of_a_rotation_stands_alone()
    {
        using TemporaryDirectory directory = new();
        Recorded recorded = new();
        recorded.Write(Steps, new CaptureOptions { Path = directory.File("a.katrace"), RotateSize = 600_000 });

        string[] last = Replayed.Of(File.ReadAllBytes(directory.Files[^1])).Lines;
        Assert.NotEmpty(last);
        Assert.All(last, line => Assert.Contains("\"commandLine\":\"p ", line, StringComparison.Ordinal));
    }

    /// <summary>Each answer is told when it was looked for, behind the next probe of another connection.</summary>
    [Fact]
    public void Events_out_of_order_do_not_make_a_block_each()
    {
        byte[] capture = new Recorded().Write(Enumerable.Range(0, 1000).Select(i => (Action<Recorded, CaptureWriter>)((r, w) =>
        {
            r.Event(w, Sample.Answered with { TimeNs = 10_000_000_000 + (ulong)i }, null, Sample.Clock);
            r.Event(w, Sample.Probe with { TimeNs = 11_000_100_000 + (ulong)i }, null, Sample.Clock);
        })));

        Assert.InRange(BlockBytes.Find(capture).Count(block => block.Kind == BlockKind.Records), 2, 4);
    }

    [Fact]
    public void Only_so_many_files_are_kept()
    {
        using TemporaryDirectory directory = new();
        new Recorded().Write(Steps, new CaptureOptions { Path = directory.File("a.katrace"), RotateSize = 600_000, Keep = 2 });

        Assert.Equal(["a-000003.katrace", "a-000004.katrace"], directory.Files.Select(Path.GetFileName));
    }

    [Fact]
    public void A_recording_ends_whole_before_it_is_larger_than_it_may_be()
    {
        using TemporaryDirectory directory = new();
        string path = directory.File("a.katrace");
        Recorded recorded = new();
        recorded.Write(Steps, new CaptureOptions { Path = path, MaxSize = 700_000 });

        Replayed replayed = Replayed.Of(File.ReadAllBytes(path));
        Assert.InRange(new FileInfo(path).Length, 400_000, 700_000);
        Assert.True(replayed.IsWhole);
        Assert.Equal(recorded.Lines[..replayed.Lines.Length], replayed.Lines);
    }

    [Fact]
    public void A_file_that_is_there_is_not_touched()
    {
        using TemporaryDirectory directory = new();
        string path = directory.File("a.katrace");
        File.WriteAllText(path, "precious");

        IOException refused = Assert.Throws<IOException>(() => new CaptureRecorder(new CaptureOptions { Path = path }, new Recorded().Header));

        Assert.Equal($"cannot make {path}: it is there already; remove it or take another name", refused.Message);
        Assert.Equal("precious", File.ReadAllText(path));
    }

    [Fact]
    public void Nobody_else_can_read_a_capture()
    {
        using TemporaryDirectory directory = new();
        string path = directory.File("a.katrace");
        new Recorded().Write([], new CaptureOptions { Path = path });

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }
}
