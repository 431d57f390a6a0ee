using System.Diagnostics;

namespace KaTrace.KernelTests.Cli;

/// <summary>The lines that a process writes, as they come, for a test to wait on.</summary>
internal sealed class Lines
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly List<string> _lines = [];
    private readonly string _name;
    private bool _ended;

    public Lines(TextReader reader, string name)
    {
        _name = name;
        new Thread(() => Read(reader)) { IsBackground = true, Name = name }.Start();
    }

    public string WaitForLine(Func<string, bool> fits, TimeSpan? deadline = null)
    {
        string? found = null;
        int seen = 0;
        WaitUntil(lines =>
        {
            for (; found is null && seen < lines.Count; seen++)
                found = fits(lines[seen]) ? lines[seen] : null;
            return found is not null;
        }, deadline);
        return found!;
    }

    /// <summary>Waits until the lines so far satisfy a condition, which runs for every new line.</summary>
    public void WaitUntil(Func<IReadOnlyList<string>, bool> condition, TimeSpan? deadline = null)
    {
        Stopwatch waited = Stopwatch.StartNew();
        TimeSpan limit = deadline ?? Deadline;
        lock (_lines)
        {
            while (!condition(_lines))
            {
                TimeSpan left = limit - waited.Elapsed;
                if (_ended || left <= TimeSpan.Zero || !Monitor.Wait(_lines, left))
                    throw new TimeoutException($"{_name} {(_ended ? "ended" : $"is still open after {limit.TotalSeconds} s")}, and what was waited for has not come; its last lines:\n{string.Join('\n', _lines.TakeLast(20))}");
            }
        }
    }

    /// <summary>All there are, once whoever wrote them is through.</summary>
    public string[] All()
    {
        WaitUntil(_ => _ended);
        return [.. _lines];
    }

    public string[] SoFar()
    {
        lock (_lines)
            return [.. _lines];
    }

    private void Read(TextReader reader)
    {
        while (reader.ReadLine() is { } line)
            Add(line);
        Add(null);
    }

    private void Add(string? line)
    {
        lock (_lines)
        {
            if (line is null)
                _ended = true;
            else
                _lines.Add(line);
            Monitor.PulseAll(_lines);
        }
    }
}
