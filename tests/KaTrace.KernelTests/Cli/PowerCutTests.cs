using System.Diagnostics;
using System.Globalization;
using KaTrace.Captures;
using KaTrace.KernelTests.Net;

namespace KaTrace.KernelTests.Cli;

/// <summary><c>katrace record --sync</c>: what is on the disk when the power fails. The disk is a file of a file system that clones files
/// at one moment, as if the power failed then: what the kernel had not written to it by then is lost, and the journal is replayed.</summary>
[Collection(nameof(RecordTests))]
public sealed class PowerCutTests : IDisposable
{
    /// <summary>KATRACE_TEST_POWER_CUTS=50 is the long run.</summary>
    private static readonly int Cuts = int.Parse(Environment.GetEnvironmentVariable("KATRACE_TEST_POWER_CUTS") ?? "3", CultureInfo.InvariantCulture);

    private static readonly TimeSpan SyncEvery = TimeSpan.FromMilliseconds(100);

    /// <summary>For fsync(2) itself, on a disk of a machine that is busy; far less than what the kernel holds back by itself.</summary>
    private static readonly TimeSpan SyncTakes = Pace.Deadline(1);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("katrace-test-");
    private readonly Stack<string> _mounted = [];
    private readonly string _disk;
    private readonly string _image;

    public PowerCutTests()
    {
        KernelAccess.Require();
        // xfs clones files, ext4 is what most hosts have.
        string outer = NewFileSystem("outer.img", "400M", "mkfs.xfs", "-q");
        _image = Path.Combine(outer, "disk.img");
        _disk = NewFileSystem(_image, "200M", "mkfs.ext4", "-q");
    }

    [Fact]
    public void All_that_was_forced_onto_the_disk_is_read_after_the_power_was_cut()
    {
        Random random = new();
        using PythonProcess python = new();
        python.Do("""
            import threading, time
            s = socket()
            def load():
                on = 0
                while loaded:
                    on = 1 - on
                    s.setsockopt(SOL_SOCKET, SO_KEEPALIVE, on)
                    time.sleep(0.0005)
            """);
        for (int cut = 0; cut < Cuts; cut++)
        {
            string file = Path.Combine(_disk, $"{cut}.katrace");
            using KatraceProcess record = KatraceProcess.Start(["record", "-o", file, "--sync", "100ms", "--snapshot-interval", "1s", "--pid", $"{python.Pid}", .. cut % 2 == 0 ? [] : (string[])["--compress"]]).Live();
            python.Do("loaded = True; threading.Thread(target=load, daemon=True).start()");
            List<(TimeSpan At, long Length)> written = Watch(file, TimeSpan.FromMilliseconds(2500 + random.Next(1500)), out TimeSpan failed);
            string image = Clone();
            python.Do("loaded = False");

            long forced = written.Where(w => w.At <= failed - SyncEvery - SyncTakes).Max(w => w.Length);
            long read = Read(image, $"{cut}.katrace");
            Assert.True(forced > 1000, $"{forced} bytes were written");
            Assert.True(read >= forced, $"{forced} bytes were forced onto the disk, and {read} can be read; {written[^1].Length} were written");
            Assert.Equal(0, record.Interrupt());
        }
    }

    /// <summary>When nothing comes any more, what came last must be forced too.</summary>
    [Fact]
    public void What_was_written_last_is_forced_onto_the_disk_though_nothing_follows()
    {
        using PythonProcess python = new();
        string file = Path.Combine(_disk, "a.katrace");
        using KatraceProcess record = KatraceProcess.Start("record", "-o", file, "--sync", "100ms", "--snapshot-interval", "0", "--pid", $"{python.Pid}").Live();
        python.Do("s = socket()");
        for (int i = 0; i < 3; i++)
        {
            long before = new FileInfo(file).Length;
            python.Do($"s.setsockopt(SOL_SOCKET, SO_KEEPALIVE, {(i + 1) % 2})");
            Until.True(() => new FileInfo(file).Length > before, "the event is written");
        }

        _ = Watch(file, SyncEvery + SyncTakes, out _);
        long read = Read(Clone(), "a.katrace");

        Assert.Equal(new FileInfo(file).Length, read);
        Assert.Equal(0, record.Interrupt());
    }

    public void Dispose()
    {
        foreach (string directory in _mounted)
            Shell.TryRun("umount", directory);
        _directory.Delete(recursive: true);
    }

    private string NewFileSystem(string image, string size, string make, params string[] flags)
    {
        image = Path.Combine(_directory.FullName, image);
        Shell.Run("truncate", "-s", size, image);
        Shell.Run(make, [.. flags, image]);
        return Mount(image);
    }

    private string Mount(string image)
    {
        string directory = _directory.CreateSubdirectory($"mount-{_mounted.Count}").FullName;
        Shell.Run("mount", "-o", "loop", image, directory);
        _mounted.Push(directory);
        return directory;
    }

    /// <summary>The power fails.</summary>
    private string Clone()
    {
        string clone = $"{_image}.{_mounted.Count}";
        Shell.Run("cp", "--reflink=always", _image, clone);
        return clone;
    }

    /// <summary>Mounts a disk as after a power failure, and reads a capture on it.</summary>
    /// <returns>Bytes of its whole blocks.</returns>
    private long Read(string image, string file)
    {
        string disk = Mount(image);
        try
        {
            string path = Path.Combine(disk, file);
            Assert.True(File.Exists(path), $"{file} is not there");
            using Capture capture = Capture.Open(path);
            try
            {
                while (capture.TryReadRecords(out _))
                {
                }
            }
            catch (InvalidDataException)
            {
                // What was not forced may be there in part, or as zeros.
            }

            return capture.Length;
        }
        finally
        {
            Shell.Run("umount", _mounted.Pop());
            File.Delete(image);
        }
    }

    /// <summary>How long the file was when, until a time has passed.</summary>
    private static List<(TimeSpan At, long Length)> Watch(string file, TimeSpan time, out TimeSpan end)
    {
        Stopwatch watch = Stopwatch.StartNew();
        List<(TimeSpan, long)> lengths = [(TimeSpan.Zero, 0)];
        SpinWait.SpinUntil(() =>
        {
            lengths.Add((watch.Elapsed, new FileInfo(file).Length));
            Thread.Sleep(10); // the sample rate
            return watch.Elapsed >= time;
        });
        end = watch.Elapsed;
        return lengths;
    }
}
