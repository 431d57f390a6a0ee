using System.Text.Json.Nodes;

namespace KaTrace.KernelTests.Cli;

/// <summary>What a capture tells of a moment, beside what was seen live then: it may know less, but nothing else.</summary>
internal static class Told
{
    /// <summary>The kernel keeps times in jiffies, and a look at it takes time.</summary>
    private const double ToleranceSeconds = 0.5;

    public static void AssertSo(JsonNode told, JsonNode? live, string path, string all)
    {
        if (told is JsonObject members)
        {
            foreach ((string name, JsonNode? value) in members)
                AssertSo(value!, live?[name], $"{path}.{name}", all);
        }
        else if (path.EndsWith("silentSeconds", StringComparison.Ordinal) || path.EndsWith("nextSeconds", StringComparison.Ordinal))
        {
            Assert.True(live is not null && Math.Abs((double)told - (double)live) <= ToleranceSeconds, $"{path}: {told}, and was {live}\n{all}");
        }
        else
        {
            Assert.True(JsonNode.DeepEquals(told, live), $"{path}: {told}, and was {live}\n{all}");
        }
    }
}
