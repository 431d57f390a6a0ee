using KaTrace.Benchmarks.Measuring;

namespace KaTrace.Benchmarks.Questions;

/// <summary>One question, asked of ours and of its peer in turns.</summary>
internal interface IQuestion
{
    /// <summary>On the command line.</summary>
    string Name { get; }

    /// <param name="quick">Once, with small counts: whether it runs and counts right, not how fast.</param>
    /// <exception cref="BenchmarkException">It does not run, or counts are wrong.</exception>
    IEnumerable<Row> Ask(bool quick);
}
