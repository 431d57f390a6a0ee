using KaTrace.Output;

namespace KaTrace.Tests.Output;

/// <summary>Times, numbers and paragraphs in sentences.</summary>
public sealed class SentenceTests
{
    [Theory]
    [InlineData(0, "0 ms")]
    [InlineData(350, "350 ms")]
    [InlineData(3_090, "3 s")]
    [InlineData(3_990, "3.9 s")] // never more than there is
    [InlineData(60_000, "1 m")]
    [InlineData(924_600, "15 m 24 s")]
    [InlineData(7_875_000, "2 h 11 m")]
    [InlineData(432_000_000, "5 d")]
    public void A_time_has_two_units_at_most(long milliseconds, string text) => Assert.Equal(text, TimeText.Of(TimeSpan.FromMilliseconds(milliseconds)));

    [Theory]
    [InlineData(1, "1 connection")]
    [InlineData(1204, "1,204 connections")]
    public void A_number_stands_with_its_noun(int count, string text) => Assert.Equal(text, CountText.Of(count, "connection"));

    [Fact]
    public void A_paragraph_is_broken_at_spaces_and_indented_below_its_text()
    {
        WrappedText text = new(width: 13);
        text.Append("label ", "one two 3 more-than-fits four");
        Assert.Equal("label one two\n      3\n      more-than-fits\n      four\n", text.ToString());
    }

    [Fact]
    public void Without_a_width_nothing_is_broken()
    {
        WrappedText text = new(width: 0);
        text.Append("label ", string.Join(' ', Enumerable.Repeat("word", 100)));
        Assert.Equal(1, text.ToString().Count(c => c == '\n'));
    }
}
