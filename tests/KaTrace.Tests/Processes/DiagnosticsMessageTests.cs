using CsCheck;
using KaTrace.Processes;

namespace KaTrace.Tests.Processes;

public sealed class DiagnosticsMessageTests
{
    private static readonly byte[] Good = DiagnosticsAnswer.Of("Shop.Api", "10.0.1+80d3e14f5e");

    [Fact]
    public void The_question_is_that_of_the_protocol() =>
        Assert.Equal("444F544E45545F4950435F5631001400" + "04040000", Convert.ToHexString(DiagnosticsMessage.Question.Span));

    [Fact]
    public void An_answer_gives_assembly_and_version() => Assert.Equal(new ManagedProgram("Shop.Api", "10.0.1"), Parse(Good));

    [Fact]
    public void A_version_without_build_is_whole() =>
        Assert.Equal(new ManagedProgram("a", "9.0.0-rc.2"), Parse(DiagnosticsAnswer.Of("a", "9.0.0-rc.2")));

    [Fact]
    public void What_newer_runtimes_add_is_passed_over() =>
        Assert.Equal(new ManagedProgram("Shop.Api", "10.0.1"), Parse(DiagnosticsAnswer.Message([.. Good[20..], .. DiagnosticsAnswer.Text("linux-x64")])));

    [Theory]
    [InlineData(0x04, 0)] // a question
    [InlineData(0xFF, 0xFF)] // an error
    public void What_is_no_good_answer_has_no_length(byte commandSet, byte command) =>
        Assert.Equal(-1, DiagnosticsMessage.AnswerLength(DiagnosticsAnswer.Message(DiagnosticsAnswer.Fixed, commandSet, command)));

    [Fact]
    public void Another_protocol_has_no_length() => Assert.Equal(-1, DiagnosticsMessage.AnswerLength("HTTP/1.1 400 Bad Request\r\n"u8));

    [Fact]
    public void A_length_below_that_of_the_header_is_none()
    {
        byte[] message = DiagnosticsAnswer.Message([]);
        message[14] = 19;
        Assert.Equal(-1, DiagnosticsMessage.AnswerLength(message));
    }

    [Fact]
    public void A_text_longer_than_the_message_is_none() =>
        Assert.Null(Parse(DiagnosticsAnswer.Message([.. DiagnosticsAnswer.Fixed, .. DiagnosticsAnswer.Number(uint.MaxValue), .. new byte[100]])));

    [Fact]
    public void A_name_longer_than_any_is_none()
    {
        Assert.NotNull(Parse(DiagnosticsAnswer.Of(new string('a', 256), "1")));
        Assert.Null(Parse(DiagnosticsAnswer.Of(new string('a', 257), "1")));
        Assert.Null(Parse(DiagnosticsAnswer.Of("a", new string('1', 257))));
    }

    [Fact]
    public void A_name_without_characters_is_none() => Assert.Null(Parse(DiagnosticsAnswer.Of("", "1")));

    [Fact]
    public void A_text_without_its_end_is_none()
    {
        byte[] message = [.. Good];
        message[^2] = (byte)'x';
        Assert.Null(Parse(message));
    }

    [Fact]
    public void Any_part_of_an_answer_is_none() =>
        Gen.Int[0, Good.Length - 21].Sample(length => Parse(Good[..(20 + length)]) is null);

    [Fact]
    public void Any_bytes_are_taken_or_refused_and_never_more_than_that() =>
        Gen.Select(Gen.Byte.Array[0, 400], Gen.Int[0, 400], Gen.Byte).Sample((noise, at, flip) =>
        {
            _ = DiagnosticsMessage.AnswerLength(noise);
            _ = DiagnosticsMessage.TryParse(noise, out _);
            byte[] damaged = [.. Good[20..]];
            damaged[at % damaged.Length] ^= flip;
            return !DiagnosticsMessage.TryParse(damaged, out ManagedProgram program)
                || (program.EntryAssembly.Length is > 0 and <= 256 && program.Version.Length <= 256);
        });

    [Fact]
    public void Any_names_come_through() =>
        Gen.Select(Gen.String[Gen.Char.AlphaNumeric, 1, 256], Gen.String[Gen.Char["0123456789.-"], 1, 256]).Sample((assembly, version) =>
            Parse(DiagnosticsAnswer.Of(assembly, version)) == new ManagedProgram(assembly, version));

    private static ManagedProgram? Parse(byte[] message) =>
        DiagnosticsMessage.AnswerLength(message) >= 0 && DiagnosticsMessage.TryParse(message.AsSpan(20), out ManagedProgram program) ? program : null;
}
