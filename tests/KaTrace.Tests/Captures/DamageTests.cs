using System.Globalization;
using System.Text.RegularExpressions;
using CsCheck;
using KaTrace.Captures;
using KaTrace.V1;

namespace KaTrace.Tests.Captures;

/// <summary>Of a file that is not whole, all is shown that lies before the trouble, and the trouble is named by its place.</summary>
public sealed partial class DamageTests
{
    private static readonly byte[] Whole = Record();
    private static readonly string[] Lines = Replayed.Of(Whole).Lines;
    private static readonly (int Offset, int End, BlockKind Kind)[] Blocks = [.. BlockBytes.Find(Whole)];

    [Fact]
    public void A_file_cut_anywhere_reads_to_its_last_whole_block()
    {
        int headerEnd = Blocks[0].End;
        for (int length = headerEnd; length < Whole.Length; length++)
        {
            Replayed replayed = Replayed.Of(Whole[..length]);

            int wholeEnd = Blocks.Last(block => block.End <= length).End;
            Assert.Null(replayed.Damage);
            Assert.False(replayed.IsWhole);
            Assert.Equal(length - wholeEnd, replayed.CutBytes);
            Assert.Equal(LinesBefore(wholeEnd), replayed.Lines);
        }
    }

    [Fact]
    public void A_file_cut_within_its_header_is_no_capture()
    {
        for (int length = 0; length < Blocks[0].End; length++)
            Assert.StartsWith("a.katrace is no capture that can be read: it ", Replayed.Of(Whole[..length]).Damage, StringComparison.Ordinal);
    }

    [Fact]
    public void A_flipped_bit_is_found_in_its_block_and_all_before_is_shown() =>
        Gen.Select(Gen.Int[CaptureFormat.FileHeadSize, Whole.Length - 1], Gen.Int[0, 7]).Sample((at, bit) =>
        {
            byte[] flipped = [.. Whole];
            flipped[at] ^= (byte)(1 << bit);
            Replayed replayed = Replayed.Of(flipped);

            (int offset, int end, BlockKind kind) = Blocks.Single(block => at >= block.Offset && at < block.End);
            if (replayed.Damage is null)
            {
                // A block may claim to be longer than the file: then it was cut.
                Assert.Equal(flipped.Length - offset, replayed.CutBytes);
            }
            else if (kind != BlockKind.Header || !replayed.Damage.Contains("is no capture", StringComparison.Ordinal))
            {
                Assert.Equal(offset, OffsetIn(replayed.Damage));
            }

            Assert.Equal(LinesBefore(offset), replayed.Lines);
        }, iter: 2000);

    [Fact]
    public void Pieces_of_captures_in_any_order_are_read_or_refused_at_a_block() =>
        Gen.Select(Gen.Int[0, Blocks.Length - 1].Array[0, 8], Gen.Int[0, 60], Gen.Bool).Sample((pieces, cut, middle) =>
        {
            byte[] spliced = [.. Whole[..Blocks[0].End], .. pieces.SelectMany(i => Whole[Blocks[i].Offset..Math.Max(Blocks[i].Offset, Blocks[i].End - (middle ? cut : 0))])];
            Replayed replayed = Replayed.Of(spliced);

            Assert.True(replayed.Damage is null || OffsetIn(replayed.Damage) <= spliced.Length, replayed.Damage);
            Assert.True(replayed.Lines.Length <= pieces.Length * Lines.Length);
        }, iter: 1000);

    [Fact]
    public void Bytes_that_are_no_capture_are_refused() => Gen.Byte.Array[0, 300].Sample(bytes =>
        Assert.StartsWith("a.katrace is no capture that can be read: it ", Replayed.Of(bytes).Damage, StringComparison.Ordinal));

    [Theory]
    [InlineData("a block of more than there may be", "it claims 4294967295 bytes, more than a block has")]
    [InlineData("a compression that is not known", "its compression 7 is unknown")]
    [InlineData("a record that is not committed", "its record 1 was never committed")]
    [InlineData("a record longer than its block", "its record 1 claims 1000000 bytes, more than there are")]
    [InlineData("fewer records than it says", "it claims 5000 records and has ")]
    [InlineData("zstd that is none", "it does not decompress to what it claims")]
    [InlineData("something behind its end", "the capture had ended before it")]
    public void A_block_that_lies_under_a_checksum_that_fits_is_refused(string title, string damage)
    {
        (int Offset, int End, BlockKind Kind) block = Blocks.First(b => b.Kind == BlockKind.Records);
        byte[] lying = title switch
        {
            "a block of more than there may be" => BlockBytes.With(Whole, block, (ref BlockHead head) => head.RawLength = uint.MaxValue),
            "a compression that is not known" => BlockBytes.With(Whole, block, (ref BlockHead head) => head.Compression = (Compression)7),
            "zstd that is none" => BlockBytes.With(Whole, block, (ref BlockHead head) => head.Compression = Compression.Zstd),
            "a record that is not committed" => BlockBytes.WithFirstRecordHeader(Whole, block, 0x8000_00E0),
            "a record longer than its block" => BlockBytes.WithFirstRecordHeader(Whole, block, 1_000_000),
            "fewer records than it says" => BlockBytes.WithInfo(Whole, block, (ref RecordsInfo info) => info.Records = 5000),
            _ => [.. Whole, .. Whole.AsSpan(block.Offset, block.End - block.Offset)],
        };
        Replayed replayed = Replayed.Of(lying);

        Assert.Contains(damage, replayed.Damage, StringComparison.Ordinal);
        int at = title == "something behind its end" ? Whole.Length : block.Offset;
        Assert.Equal(at, OffsetIn(replayed.Damage!));
        Assert.Equal(LinesBefore(at), replayed.Lines);
    }

    /// <summary>Of the blocks that end there or before.</summary>
    private static string[] LinesBefore(int offset)
    {
        int count = Blocks.Where(block => block.End <= offset && block.Kind == BlockKind.Records).Sum(block => BlockBytes.Lines(Whole, block));
        return Lines[..count];
    }

    private static int OffsetIn(string damage) =>
        int.Parse(Offset().Match(damage).Groups[1].Value, CultureInfo.InvariantCulture);

    private static byte[] Record()
    {
        Recorded recorded = new();
        return recorded.Write(
        [
            (r, w) => r.Event(w, Sample.Enabled, Sample.Redis, Sample.Clock),
            (r, w) => r.Event(w, Sample.Probe, Sample.Redis, Sample.Clock),
            (r, w) => r.Lost(w, Lost.Types.Place.KernelRing, 7, Sample.Probe.TimeNs, Sample.Clock),
            (r, w) => r.Event(w, Sample.Timeout, null, Sample.Clock),
            (r, w) => r.Event(w, Sample.Closed, Sample.Redis, Sample.Clock with { RealtimeOffsetNs = 5 }),
        ]);
    }

    [GeneratedRegex("^a.katrace is damaged in the block at byte ([0-9]+): .*; what lies before it was read$")]
    private static partial Regex Offset();
}
