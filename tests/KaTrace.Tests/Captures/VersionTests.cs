using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Google.Protobuf;
using KaTrace.Captures;
using KaTrace.Events;
using KaTrace.Ring;
using KaTrace.Tests.Btf;
using KaTrace.Bpf;
using KaTrace.V1;

namespace KaTrace.Tests.Captures;

/// <summary>Files of other versions of katrace are read as far as they can be, and the rest is said.</summary>
public sealed class VersionTests
{
    [Fact]
    public void The_layout_in_the_header_is_that_of_the_kernel_programs()
    {
        BtfTypes types = new(ElfFile.Section(BpfObjectImage.Katrace, ".BTF"));
        BtfType record = types.Find(BtfKind.Struct, "katrace_event");

        Assert.Equal((uint)record.SizeOrType, RecordLayouts.Current.Size);
        Assert.Equal(
            record.Members.Where(m => !m.Name.StartsWith("pad", StringComparison.Ordinal)).Select(m => (m.Name, (uint)m.Value / 8, (uint)types.SizeOf(m.Type))),
            RecordLayouts.Current.Fields.Select(f => (f.Name, f.Offset, f.Size)));
    }

    [Fact]
    public void Records_of_an_older_version_are_read_by_the_names_of_their_fields()
    {
        // Without its last fields, and with the kind elsewhere.
        RecordLayout older = new() { Size = 176 };
        older.Fields.AddRange(RecordLayouts.Current.Fields.Where(f => f.Offset + f.Size <= 168 && f.Name != "kind").Select(f => f.Clone()));
        older.Fields.Add(new RecordLayout.Types.Field { Name = "kind", Offset = 168, Size = 1 });
        byte[] record = new byte[older.Size];
        MemoryMarshal.AsBytes(new ReadOnlySpan<RawEvent>([Sample.Answered]))[..168].CopyTo(record);
        record[2] = 0;
        record[168] = (byte)EventKind.Answered;

        Replayed replayed = Replayed.Of(Capture(older, record));

        Recorded expected = new();
        expected.Write([(r, w) => r.Event(w, Sample.Answered with { RttNs = 0, Answered = 0, Longest = 0, CgroupId = 0 }, Sample.Process(520, 12_340_000_000, "redis-server"u8, null), Sample.Clock)]);
        Assert.Null(replayed.Damage);
        Assert.Equal(expected.Lines, replayed.Lines);
    }

    [Fact]
    public void Of_longer_records_of_a_newer_version_the_known_part_is_read()
    {
        RecordLayout newer = RecordLayouts.Current.Clone();
        newer.Size += 8;
        newer.Fields.Add(new RecordLayout.Types.Field { Name = "novelty", Offset = RecordLayouts.Current.Size, Size = 8 });
        byte[] record = [.. MemoryMarshal.AsBytes(new ReadOnlySpan<RawEvent>([Sample.Probe])), 1, 2, 3, 4, 5, 6, 7, 8];

        Replayed replayed = Replayed.Of(Capture(newer, record));

        Assert.Null(replayed.Damage);
        Assert.Equal(Event.Types.Kind.Probe, Event.Parser.ParseJson(Assert.Single(replayed.Lines)).Kind);
    }

    [Fact]
    public void An_event_of_an_unknown_kind_is_counted_and_passed_over()
    {
        byte[] record = MemoryMarshal.AsBytes(new ReadOnlySpan<RawEvent>([Sample.Probe with { Kind = (EventKind)99 }])).ToArray();

        Replayed replayed = Replayed.Of(Capture(RecordLayouts.Current, record));

        Assert.Null(replayed.Damage);
        Assert.Empty(replayed.Lines);
        Assert.Equal(1ul, replayed.Undecodable);
    }

    [Fact]
    public void A_block_of_an_unknown_kind_is_passed_over()
    {
        using TemporaryDirectory directory = new();
        string path = directory.File("a.katrace");
        using (CaptureFile file = CaptureFile.Create(path, new Recorded().Header, Compression.None))
        {
            file.WritePrepared(file.Prepare((BlockKind)77, new byte[16], "of the future"u8));
            file.End(new CaptureEnd());
        }

        Replayed replayed = Replayed.Of(File.ReadAllBytes(path));

        Assert.Null(replayed.Damage);
        Assert.True(replayed.IsWhole);
    }

    [Fact]
    public void Another_version_of_the_format_is_refused()
    {
        byte[] capture = new Recorded().Write([]);
        capture[CaptureFormat.Magic.Length] = 2;

        Assert.Equal("a.katrace is no capture that can be read: its format is version 2, and this katrace reads version 1", Replayed.Of(capture).Damage);
    }

    [Fact]
    public void A_layout_with_fields_beyond_the_end_of_its_records_is_refused()
    {
        RecordLayout layout = RecordLayouts.Current.Clone();
        layout.Fields.Add(new RecordLayout.Types.Field { Name = "far", Offset = uint.MaxValue, Size = 8 });

        Assert.Equal("a.katrace is no capture that can be read: its records have fields beyond their end", Replayed.Of(Capture(layout, new byte[224])).Damage);
    }

    [Fact]
    public void A_layout_that_would_make_much_memory_of_few_bytes_is_refused()
    {
        Assert.Equal("a.katrace is no capture that can be read: its records have 0 bytes, too few for an event", Replayed.Of(Capture(new RecordLayout(), [])).Damage);
    }

    [Fact]
    public void A_record_that_is_shorter_than_its_layout_says_is_passed_over()
    {
        RecordLayout layout = RecordLayouts.Current.Clone();
        layout.Fields.RemoveAt(layout.Fields.Count - 1);

        Replayed replayed = Replayed.Of(Capture(layout, new byte[layout.Size - 1]));

        Assert.Null(replayed.Damage);
        Assert.Empty(replayed.Lines);
    }

    /// <summary>Of one record.</summary>
    private static byte[] Capture(RecordLayout layout, byte[] record)
    {
        using TemporaryDirectory directory = new();
        string path = directory.File("a.katrace");
        CaptureHeader header = new Recorded().Header;
        header.Layout = layout;
        byte[] body = new byte[RingLayout.Step((uint)record.Length)];
        MemoryMarshal.Write(body, (ulong)record.Length);
        record.CopyTo(body, RingLayout.HeaderSize);
        RecordsInfo info = new() { Records = 1, RealtimeOffsetNs = Sample.Clock.RealtimeOffsetNs };
        using (CaptureFile file = CaptureFile.Create(path, header, Compression.None))
        {
            file.WritePrepared(file.Prepare(BlockKind.Records, MemoryMarshal.AsBytes(new ReadOnlySpan<RecordsInfo>(in info)), body), in info);
            file.End(new CaptureEnd());
        }

        return File.ReadAllBytes(path);
    }
}
