using System.Globalization;
using KaTrace.Output;

namespace KaTrace.Tests.Output;

public sealed class DurationTextTests
{
    [Theory]
    [InlineData("90s", "0.00:01:30")]
    [InlineData("1h43m", "0.01:43:00")]
    [InlineData("500ms", "0.00:00:00.5")]
    [InlineData("1.5h", "0.01:30:00")]
    [InlineData("2d", "2.00:00:00")]
    [InlineData("00:01:30", "0.00:01:30")]
    [InlineData("100:00:00", "4.04:00:00")]
    [InlineData("00:00:00:30", "0.00:00:30")]
    [InlineData("01:02:03:04", "1.02:03:04")]
    public void Durations_of_Go_and_of_dotnet_trace_are_read(string text, string expected) =>
        Assert.Equal(TimeSpan.Parse(expected, CultureInfo.InvariantCulture), DurationText.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("90")]
    [InlineData("-5s")]
    [InlineData("5x")]
    [InlineData("s")]
    [InlineData("1.2.3s")]
    [InlineData("01:30")]
    [InlineData("00:61:00")]
    [InlineData("00:24:00:00")]
    [InlineData("1:2:3:4:5")]
    [InlineData("999999999999999999999999999999999h")]
    [InlineData("2000000000:00:00:00")]
    public void Anything_else_is_answered_with_how_to_write_it(string text)
    {
        FormatException e = Assert.Throws<FormatException>(() => DurationText.Parse(text));
        Assert.StartsWith($"bad duration '{text}': write it like 90s", e.Message);
    }
}
