namespace KaTrace.Tests.Captures;

/// <summary>Gone with the test.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("katrace-test-");

    public string[] Files => [.. _directory.GetFiles().Select(file => file.FullName).Order(StringComparer.Ordinal)];

    public string File(string name) => Path.Combine(_directory.FullName, name);

    public void Dispose() => _directory.Delete(recursive: true);
}
