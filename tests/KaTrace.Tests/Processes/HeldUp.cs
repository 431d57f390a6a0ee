using System.Diagnostics;

namespace KaTrace.Tests.Processes;

/// <summary>A process whose command line does not come until it is let go, as where its memory lies on a file system that does not
/// answer: the file is a pipe.</summary>
internal sealed class HeldUp : IDisposable
{
    private readonly string _path;
    private bool _letGo;

    public HeldUp(string directory)
    {
        _path = Path.Combine(directory, "cmdline");
        File.Delete(_path);
        Process.Start("mkfifo", [_path]).WaitForExit();
    }

    public void LetGo(string commandLine)
    {
        _letGo = true;
        File.WriteAllText(_path, commandLine);
    }

    public void Dispose()
    {
        if (!_letGo)
            LetGo("");
    }
}
