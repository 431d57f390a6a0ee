namespace KaTrace.Fuzz;

/// <summary>So many inputs in this process: none may throw, hang, or make memory grow.</summary>
internal static class Blind
{
    private const long MostMemory = 1L << 30;
    private const int ReportEvery = 100_000;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    /// <returns>The exit code.</returns>
    public static int Run(long inputs, int seed, string corpus)
    {
        Mutator mutator = new([.. Directory.GetFiles(corpus).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)], seed);
        for (long i = 1; i <= inputs; i++)
        {
            byte[] input = mutator.Next();
            byte[] copy = [.. input];
            // On a busy machine time passes without us.
            TimeSpan begun = Environment.CpuUsage.TotalTime;
            string? trouble = Try(input);
            if (trouble is null && Environment.CpuUsage.TotalTime - begun is var took && took > Longest)
                trouble = $"took {took}";
            if (trouble is null && Environment.WorkingSet > MostMemory && i % 1000 == 0)
                trouble = $"{Environment.WorkingSet:N0} bytes of memory";
            if (trouble is not null)
            {
                File.WriteAllBytes("crash.katrace", copy);
                Console.Error.WriteLine($"input {i} of seed {seed}, kept in crash.katrace: {trouble}");
                return 1;
            }

            if (i % ReportEvery == 0)
                Console.WriteLine($"{i:N0} inputs, {Environment.WorkingSet >> 20} MiB");
        }

        return 0;
    }

    private static string? Try(byte[] input)
    {
        try
        {
            CaptureTarget.Run(input);
            return null;
        }
        catch (Exception e)
        {
            return e.ToString();
        }
    }
}
