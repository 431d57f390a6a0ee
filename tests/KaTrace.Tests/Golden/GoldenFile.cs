namespace KaTrace.Tests.Golden;

/// <summary>A file beside this one that holds what a user's tools rely on: a change must be seen and meant.</summary>
internal static class GoldenFile
{
    private const string Update = "KATRACE_UPDATE_GOLDEN";

    public static void AssertSame(string name, string actual)
    {
        string path = PathOf(name);
        if (Environment.GetEnvironmentVariable(Update) == "1")
            File.WriteAllText(path, actual);
        string expected = File.Exists(path) ? File.ReadAllText(path) : "";
        Assert.True(
            expected == actual,
            $"{name} has changed: {FirstDifference(expected, actual)} If that is meant, run the tests once with {Update}=1, and say in the commit what users must change.");
    }

    public static string PathOf(string name) => Path.Combine(SourceDirectory(), name);

    private static string FirstDifference(string expected, string actual)
    {
        string[] before = expected.Split('\n'), after = actual.Split('\n');
        int line = before.Zip(after).TakeWhile(pair => pair.First == pair.Second).Count();
        return $"line {line + 1} was '{before.ElementAtOrDefault(line)}' and is '{after.ElementAtOrDefault(line)}'.";
    }

    /// <summary>The tests run from the tree that they were built in, but the compiler records a mapped path: the source
    /// tree is found from the assembly.</summary>
    private static string SourceDirectory()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "KaTrace.Tests.csproj")))
            directory = directory.Parent;
        return Path.Combine(directory!.FullName, "Golden");
    }
}
