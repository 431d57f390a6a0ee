namespace KaTrace.Benchmarks.Measuring;

/// <summary>A bound for a ratio.</summary>
internal sealed record Target(double Bound, bool IsUpper)
{
    public static Target AtLeast(double bound) => new(bound, IsUpper: false);

    public static Target AtMost(double bound) => new(bound, IsUpper: true);

    public bool IsMet(double ratio) => IsUpper ? ratio <= Bound : ratio >= Bound;

    public override string ToString() => $"{(IsUpper ? "<=" : ">=")} {Bound:0.###}";
}
