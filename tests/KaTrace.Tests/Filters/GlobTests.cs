using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using KaTrace.Filters;

namespace KaTrace.Tests.Filters;

public sealed class GlobTests
{
    [Theory]
    [InlineData("", "", true)]
    [InlineData("", "a", false)]
    [InlineData("*", "", true)]
    [InlineData("?", "", false)]
    [InlineData("?", "é", true)]
    [InlineData("?", "😀", true)]
    [InlineData("??", "é", false)]
    [InlineData("*é", "ééé", true)]
    [InlineData("redis-*", "redis-server", true)]
    [InlineData("*server", "redis-server", true)]
    [InlineData("*-*", "redis", false)]
    [InlineData("Redis", "redis", false)]
    public void A_star_is_any_text_and_a_question_mark_one_character(string pattern, string text, bool matches) =>
        Assert.Equal(matches, Matches(pattern, text));

    [Fact]
    public void Globs_match_as_the_equal_regular_expression() =>
        Gen.Select(Gen.String[Gen.Char["ab?*"], 0, 8], Gen.String[Gen.Char["ab"], 0, 8]).Sample((pattern, text) =>
        {
            string regex = $"^{pattern.Replace("*", ".*", StringComparison.Ordinal).Replace('?', '.')}\\z";
            Assert.Equal(Regex.IsMatch(text, regex), Matches(pattern, text));
        });

    private static bool Matches(string pattern, string text) =>
        Glob.Matches(Encoding.UTF8.GetBytes(pattern), Encoding.UTF8.GetBytes(text));
}
