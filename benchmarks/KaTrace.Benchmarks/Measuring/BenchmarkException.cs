namespace KaTrace.Benchmarks.Measuring;

/// <summary>Something did not run, or a count was wrong: no figure is to be had.</summary>
internal sealed class BenchmarkException(string message) : Exception(message);
