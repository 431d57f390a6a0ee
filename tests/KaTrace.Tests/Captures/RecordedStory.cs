using KaTrace.Captures;
using KaTrace.Cli.Replaying;
using KaTrace.Events;
using KaTrace.Hosts;
using KaTrace.Knobs;
using KaTrace.Processes;
using KaTrace.Sockets;
using KaTrace.Tests.Sockets;

namespace KaTrace.Tests.Captures;

/// <summary>A recording of redis and one connection of it, that of <see cref="Sample"/>, and what the host was at moments of it. It begins
/// some seconds ago, and ends now; times are in seconds since its beginning.</summary>
internal sealed class RecordedStory : IDisposable
{
    public const ulong Second = 1_000_000_000;
    public const ulong Cookie = 12;

    public static readonly KernelClock Clock = new(MadeUpHost.Hz, new RealtimeOffset().Ns);

    public static readonly ulong Begin = RealtimeOffset.MonotonicNs - (15 * Second);

    public static readonly ProcessIdentity Redis = Sample.Process(520, 520 * Second, "redis-server"u8, "redis-server *:6379");

    private readonly TemporaryDirectory _directory = new();

    public string[] Files => _directory.Files;

    public void Dispose() => _directory.Dispose();

    public static long UnixNs(double second) => Clock.ToUnixNs(Begin + (ulong)(second * Second));

    public static Action<Recorded, CaptureWriter> Event(double second, RawEvent raw) => Event(second, raw, Redis);

    public static Action<Recorded, CaptureWriter> Event(double second, RawEvent raw, ProcessIdentity? owner) => (r, w) =>
        r.Event(w, raw with { TimeNs = Begin + (ulong)(second * Second) }, owner, Clock);

    /// <summary>The connection has keepalive off.</summary>
    public static Action<Recorded, CaptureWriter> Snapshot(double begun, double? ended = null, ulong cookie = Cookie, ulong ino = 34567, MadeUpHost.Change? change = null, Action<MadeUpHost>? more = null) => (r, _) =>
    {
        MadeUpHost host = new() { RealtimeOffsetNs = Clock.RealtimeOffsetNs };
        int listener = host.Listen(host.Process(520, "redis-server"), "0.0.0.0:6379", (ref row) => row.Cookie = 1);
        host.Accept(listener, "10.0.0.9:51812", (ref row) =>
        {
            (row.Cookie, row.Ino) = (cookie, ino);
            change?.Invoke(ref row);
        });
        more?.Invoke(host);
        MadeUpLook look = new(host.Table)
        {
            Descriptors = new Dictionary<uint, DescriptorUse> { [520] = new(1, 2) },
            Programs = new ProgramLookup(new Dictionary<ProcessKey, ProcessDetails> { [Redis.Key] = new() { Key = Redis.Key, Comm = "redis-server", CommandLine = "redis-server --as-in-the-snapshot" } }, _ => true),
        };
        Write(r, SnapshotPart.Of(look, r.Recorder!.Files, Begin + (ulong)(begun * Second), Begin + (ulong)((ended ?? begun) * Second)));
    };

    public static void Write(Recorded recorded, IEnumerable<SnapshotPart> parts)
    {
        foreach (SnapshotPart part in parts)
            recorded.Recorder!.Write(part);
    }

    public void Record(params Action<Recorded, CaptureWriter>[] steps) => Record(new Recorded(), steps);

    public void Record(Recorded recorded, params Action<Recorded, CaptureWriter>[] steps) => recorded.Write(steps, new CaptureOptions { Path = _directory.File($"{_directory.Files.Length}.katrace") });

    public void Rotate(long size, params Action<Recorded, CaptureWriter>[] steps) => new Recorded().Write(steps, new CaptureOptions { Path = _directory.File("a.katrace"), RotateSize = size });

    /// <param name="second">Null: the end.</param>
    public IHostLook Look(double? second) => Host(second).Look(programs: true);

    /// <inheritdoc cref="Look"/>
    public RecordedHost Host(double? second) => new(Files, second is { } at ? _ => UnixNs(at) : null);

    /// <summary>The connection.</summary>
    public SocketRow At(double second) => Look(second).Table.Rows.ToArray().Single(one => one.Rport == 51812);

    /// <summary>Of connections.</summary>
    public ulong[] Cookies(double? second) => [.. Look(second).Table.Rows.ToArray().Where(row => row.State != TcpState.Listen).Select(row => row.Cookie)];
}
