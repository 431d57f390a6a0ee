namespace KaTrace.Explaining;

/// <summary>What a target was found to name.</summary>
/// <param name="Kind">As what it was taken.</param>
/// <param name="Rows">The sockets, by index into the table.</param>
/// <param name="Others">As what it would name sockets as well.</param>
internal sealed record TargetMatch(TargetKind Kind, IReadOnlyList<int> Rows, IReadOnlyList<TargetKind> Others);
