namespace KaTrace.Audit.Expectations;

/// <summary>How two values are compared.</summary>
internal sealed record Comparison(string Symbol, bool Less, bool Equal, bool Greater)
{
    private static readonly Comparison[] All =
    [
        new("≤", Less: true, Equal: true, Greater: false),
        new("≥", Less: false, Equal: true, Greater: true),
        new("<", Less: true, Equal: false, Greater: false),
        new(">", Less: false, Equal: false, Greater: true),
        new("=", Less: false, Equal: true, Greater: false),
    ];

    /// <summary>As they may be written, the longer ones first: "&lt;" begins "&lt;=".</summary>
    public static readonly string[] Symbols = ["<=", ">=", "≤", "≥", "<", ">", "="];

    public static Comparison Parse(string symbol) =>
        All.First(c => c.Symbol == symbol.Replace("<=", "≤", StringComparison.Ordinal).Replace(">=", "≥", StringComparison.Ordinal));

    /// <param name="order">As CompareTo says it.</param>
    public bool Holds(int order) => order < 0 ? Less : order == 0 ? Equal : Greater;

    public override string ToString() => Symbol;
}
