using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using KaTrace.Captures;
using KaTrace.Events;
using KaTrace.V1;

namespace KaTrace.Benchmarks.Measuring;

/// <summary>A capture as of a host with ten thousand connections whose probes are answered: what changes from event to event changes
/// here, so that it compresses as such a one does.</summary>
internal static class CaptureFill
{
    private const int Connections = 10_000;
    private const int Seed = 6379;

    private static readonly Dictionary<string, int> Offsets = RecordLayouts.Current.Fields.ToDictionary(f => f.Name, f => (int)f.Offset);

    /// <returns>How many events it has.</returns>
    public static ulong Write(string path, long bytes, Compression compression)
    {
        CaptureHeader header = new() { NodeName = "bench", Hz = 250, RecordingId = "bench", FileNumber = 1, Layout = RecordLayouts.Current };
        using CaptureFile file = CaptureFile.Create(path, header, compression);
        Random random = new(Seed);
        CaptureBlock block = new();
        byte[] record = new byte[RecordLayouts.Current.Size];
        ulong time = 1_000_000_000_000, events = 0;
        ulong[] sequences = new ulong[4];
        for (long written = 0; written < bytes; written += block.Body.Length)
        {
            block.Clear();
            block.RealtimeOffsetNs = 1_787_308_194_123_456_789;
            while (!block.IsFull)
            {
                time += (ulong)random.Next(20_000);
                Fill(record, random, time, sequences);
                block.Add(in MemoryMarshal.AsRef<EventRecord>(record));
                events++;
            }

            RecordsInfo info = block.Info;
            file.WritePrepared(file.Prepare(BlockKind.Records, MemoryMarshal.AsBytes(new ReadOnlySpan<RecordsInfo>(in info)), block.Body), in info);
        }

        file.End(new CaptureEnd());
        return events;
    }

    private static void Fill(Span<byte> record, Random random, ulong time, ulong[] sequences)
    {
        int connection = random.Next(Connections), cpu = random.Next(sequences.Length);
        bool answered = random.Next(2) == 0;
        Put(record, "size", (ushort)record.Length);
        Put(record, "kind", (byte)(answered ? EventKind.Answered : EventKind.Probe));
        Put(record, "source", (byte)(answered ? EventSource.Poll : EventSource.Timer));
        Put(record, "cpu", cpu);
        Put(record, "cpu_seq", ++sequences[cpu]);
        Put(record, "time_ns", time);
        Put(record, "sk", 0xffff_8881_0000_0000 + ((ulong)connection * 2368));
        Put(record, "cookie", (ulong)connection + 1);
        Put(record, "ino", 34_567 + ((ulong)connection * 3));
        Put(record, "generation", 1);
        Put(record, "netns", 4026531840u);
        Put(record, "laddr", 0x0500_000a);
        Put(record, "raddr", 0x0000_000a + (connection << 8));
        Put(record, "lport", (ushort)6379);
        Put(record, "rport", (ushort)(32_768 + (connection * 7 % 28_000)));
        Put(record, "family", (byte)2);
        Put(record, "state", (byte)TcpState.Established);
        Put(record, "old_state", (byte)TcpState.Established);
        Put(record, "flags", (byte)(EventFlags.Keepalive | EventFlags.Silent | EventFlags.Next | EventFlags.Owner | EventFlags.Counted));
        Put(record, "idle", 60 * 250);
        Put(record, "intvl", 75 * 250);
        Put(record, "cnt", (byte)9);
        Put(record, "unanswered", 1);
        Put(record, "probes", random.Next(1000));
        Put(record, "silent", (60 * 250) + random.Next(50));
        Put(record, "next", 75 * 250);
        Put(record, "fd", -1);
        Put(record, "tgid", 520 + (connection % 8));
        Put(record, "start_ns", 12_340_000_000);
        "redis-server"u8.CopyTo(record[OffsetOf("comm")..]);
        Put(record, "rtt_ns", answered ? (ulong)random.Next(4_000_000) : 0);
        Put(record, "answered", random.Next(1000));
        Put(record, "cgroup_id", 4567ul);
    }

    private static void Put<T>(Span<byte> record, string field, T value)
        where T : unmanaged => MemoryMarshal.Write(record.Slice(OffsetOf(field), Unsafe.SizeOf<T>()), in value);

    private static int OffsetOf(string field) => Offsets[field];
}
