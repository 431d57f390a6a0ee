using System.Text;
using KaTrace.Output;

namespace KaTrace.Tests.Output;

public sealed class WallClockTests
{
    private const long SecondNs = 1_000_000_000;

    private static readonly TimeZoneInfo India = TimeZoneInfo.CreateCustomTimeZone("India", TimeSpan.FromMinutes(330), null, null);
    private static readonly TimeZoneInfo Newfoundland = TimeZoneInfo.CreateCustomTimeZone("Newfoundland", TimeSpan.FromMinutes(-210), null, null);

    // 2026-08-21T10:46:34.123456789Z
    private const long August = 1_787_309_194_123_456_789;

    [Theory]
    [InlineData("Stamp", "Aug 21 10:46:34")]
    [InlineData("StampMilli", "Aug 21 10:46:34.123")]
    [InlineData("StampMicro", "Aug 21 10:46:34.123456")]
    [InlineData("StampNano", "Aug 21 10:46:34.123456789")]
    [InlineData("RFC3339", "2026-08-21T10:46:34Z")]
    [InlineData("RFC3339Milli", "2026-08-21T10:46:34.123Z")]
    [InlineData("RFC3339Micro", "2026-08-21T10:46:34.123456Z")]
    [InlineData("rfc3339nano", "2026-08-21T10:46:34.123456789Z")]
    [InlineData("RFC1123Z", "Fri, 21 Aug 2026 10:46:34 +0000")]
    public void Formats_go_by_the_names_of_Go_and_Hubble(string name, string expected) =>
        Assert.Equal(expected, Text(TimeFormats.Parse(name), TimeZoneInfo.Utc, August));

    [Fact]
    public void Times_are_local_and_carry_the_offset_of_the_zone()
    {
        Assert.Equal("2026-08-21T16:16:34+05:30", Text(TimeFormat.RFC3339, India, August));
        Assert.Equal("2026-08-21T07:16:34-03:30", Text(TimeFormat.RFC3339, Newfoundland, August));
        Assert.Equal("Fri, 21 Aug 2026 07:16:34 -0330", Text(TimeFormat.RFC1123Z, Newfoundland, August));
    }

    [Fact]
    public void A_day_below_ten_is_padded_with_a_space() =>
        Assert.Equal("Aug  1 10:46:34", Text(TimeFormat.Stamp, TimeZoneInfo.Utc, August - 20 * 86_400 * SecondNs));

    [Fact]
    public void The_offset_follows_summer_time_while_events_flow()
    {
        TimeZoneInfo berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        long change = new DateTimeOffset(2026, 10, 25, 1, 0, 0, TimeSpan.Zero).ToUnixTimeSeconds() * SecondNs;
        WallClock clock = new(TimeFormat.RFC3339, berlin);
        Assert.Equal("2026-10-25T02:59:59+02:00", Text(clock, change - SecondNs));
        Assert.Equal("2026-10-25T02:00:00+01:00", Text(clock, change));
    }

    [Fact]
    public void Times_before_1970_are_not_mirrored() =>
        Assert.Equal("1969-12-31T23:59:59.999999999Z", Text(TimeFormat.RFC3339Nano, TimeZoneInfo.Utc, -1));

    [Fact]
    public void An_unknown_name_is_answered_with_those_that_exist()
    {
        FormatException e = Assert.Throws<FormatException>(() => TimeFormats.Parse("iso"));
        Assert.Equal(
            "bad time format 'iso': it is one of StampMilli, Stamp, StampMicro, StampNano, RFC3339, RFC3339Milli, RFC3339Micro, RFC3339Nano, RFC1123Z",
            e.Message);
    }

    private static string Text(TimeFormat format, TimeZoneInfo zone, long unixNs) => Text(new WallClock(format, zone), unixNs);

    private static string Text(WallClock clock, long unixNs)
    {
        Utf8Cursor text = new(new byte[64]);
        clock.Append(ref text, unixNs);
        return Encoding.ASCII.GetString(text.Written);
    }
}
