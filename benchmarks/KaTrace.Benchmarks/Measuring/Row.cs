namespace KaTrace.Benchmarks.Measuring;

/// <summary>One line of the table.</summary>
/// <param name="Question">What was asked, and in which unit.</param>
/// <param name="Ours">Our figure.</param>
/// <param name="Peer">The peer's, or why there is none.</param>
/// <param name="Ratio">Of the two medians, the way round that <paramref name="Target"/> wants it; null without a peer.</param>
/// <param name="Target">What to reach; null for a figure that only stands beside.</param>
internal sealed record Row(string Question, string Ours, string Peer, double? Ratio = null, Target? Target = null);
