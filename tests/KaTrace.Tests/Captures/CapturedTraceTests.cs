namespace KaTrace.Tests.Captures;

/// <summary>Traces of real kernels, recorded once beside the lines that were printed live: all above the ring runs on them
/// without privilege.</summary>
public sealed class CapturedTraceTests
{
    /// <summary>The folder of all tests.</summary>
    internal static readonly string Tests = FindTests();

    [Theory]
    [InlineData("demo", 96)]
    [InlineData("lossy", 75)]
    [InlineData("kernel-5.10", 151)]
    public void A_captured_trace_shows_what_was_seen_live(string name, int lines)
    {
        string path = Path.Combine(Tests, "KaTrace.Tests", "Captures", name);
        string[] expected = File.ReadAllLines($"{path}.jsonl");

        Replayed replayed = Replayed.Of(File.ReadAllBytes($"{path}.katrace"));

        Assert.Null(replayed.Damage);
        Assert.True(replayed.IsWhole);
        Assert.Equal(expected, replayed.Lines);
        Assert.Equal(lines, expected.Length);
    }

    [Fact]
    public void What_fuzzing_has_found_is_read_or_refused()
    {
        string[] corpus = Directory.GetFiles(Path.Combine(Tests, "fuzz", "corpus"));
        Assert.InRange(corpus.Length, 50, 1000);
        Assert.All(corpus, file => Replayed.Of(File.ReadAllBytes(file))); // nothing but damage is caught there
    }

    /// <summary>The tests run from the tree that they were built in.</summary>
    private static string FindTests()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "KaTrace.Tests.csproj")))
            directory = directory.Parent;
        return directory!.Parent!.FullName;
    }
}
