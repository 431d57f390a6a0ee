using System.Text.RegularExpressions;

namespace KaTrace.Tests;

/// <summary>One door to native code, guarded by reading the sources.</summary>
public sealed partial class ArchitectureTests
{
    private const string Interop = "KaTrace.Core/Interop/";

    /// <summary>Folders whose job is native memory.</summary>
    private static readonly string[] UnsafeFolders = [Interop, "KaTrace.Core/Ring/", "KaTrace.Core/Bpf/"];

    /// <summary>Files outside of them, each with the reason why it may.</summary>
    private static readonly Dictionary<string, string> UnsafeFiles = new()
    {
        ["KaTrace.Cli/StandardOutput.cs"] = "write(2) and poll(2) on descriptor 1: Console swallows a closed pipe",
        ["KaTrace.Cli/Streaming/DemoTraffic.cs"] = "a socket filter and an interface flag, which .NET has no calls for",
    };

    [Fact]
    public void Native_functions_are_declared_in_Interop_alone() => Assert.Empty(
        Sources().Where(s => NativeImport().IsMatch(s.Text) && !s.Path.StartsWith(Interop, StringComparison.Ordinal)).Select(s => s.Path));

    [Fact]
    public void Unsafe_code_stays_where_native_memory_is() => Assert.Empty(
        Sources().Where(s => Unsafe().IsMatch(s.Text)
            && !UnsafeFolders.Any(folder => s.Path.StartsWith(folder, StringComparison.Ordinal))
            && !UnsafeFiles.ContainsKey(s.Path)).Select(s => s.Path));

    [Fact]
    public void No_exception_outlives_its_reason() => Assert.Equal(
        UnsafeFiles.Keys.Order(StringComparer.Ordinal),
        Sources().Where(s => UnsafeFiles.ContainsKey(s.Path) && Unsafe().IsMatch(s.Text)).Select(s => s.Path).Order(StringComparer.Ordinal));

    /// <summary>All of src by its path below it, without comments.</summary>
    private static (string Path, string Text)[] Sources()
    {
        string src = Path.Combine(Root(), "src");
        (string Path, string Text)[] sources = [.. Directory.EnumerateFiles(src, "*.cs", SearchOption.AllDirectories)
            .Select(file => (Path.GetRelativePath(src, file), File.ReadAllText(file)))
            .Where(source => !Generated().IsMatch(source.Item1))
            .Select(source => (source.Item1, LineComment().Replace(source.Item2, "")))];
        Assert.True(sources.Length > 50, $"only {sources.Length} sources in {src}");
        return sources;
    }

    /// <summary>Not by the paths that the compiler knows: builds are deterministic, and those are rewritten.</summary>
    private static string Root()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "KaTrace.sln")))
                return at.FullName;
        }

        throw new DirectoryNotFoundException($"no KaTrace.sln above {AppContext.BaseDirectory}: run the tests from the repository");
    }

    [GeneratedRegex(@"\b(LibraryImport|DllImport)\b")]
    private static partial Regex NativeImport();

    [GeneratedRegex(@"\bunsafe\b")]
    private static partial Regex Unsafe();

    [GeneratedRegex("(^|/)(bin|obj)/")]
    private static partial Regex Generated();

    [GeneratedRegex("//.*")]
    private static partial Regex LineComment();
}
