namespace KaTrace.Benchmarks.Measuring;

/// <summary>The figures of one side, a round each.</summary>
internal sealed class Sample
{
    private readonly List<double> _values = [];

    public double Median => At(0.5);

    public void Add(double value) => _values.Add(value);

    /// <summary>The median, and half of the width that the middle half of the rounds has: less of a difference is none.</summary>
    public string Text(string format)
    {
        double spread = (At(0.75) - At(0.25)) / 2;
        return $"{Median.ToString(format, null)} ± {spread.ToString(format, null)}";
    }

    private double At(double quantile)
    {
        double[] sorted = [.. _values.Order()];
        double place = quantile * (sorted.Length - 1);
        int below = (int)place;
        double above = sorted[Math.Min(below + 1, sorted.Length - 1)];
        return sorted[below] + ((place - below) * (above - sorted[below]));
    }
}
