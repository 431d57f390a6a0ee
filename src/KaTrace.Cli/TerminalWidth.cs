namespace KaTrace.Cli;

/// <summary>How wide lines for people may be.</summary>
internal static class TerminalWidth
{
    /// <summary>Beyond it sentences are hard to read.</summary>
    private const int Comfortable = 120;

    /// <summary>0: no limit, as standard output is a pipe or a file.</summary>
    public static int OfOutput
    {
        get
        {
            try
            {
                return Console.IsOutputRedirected ? 0 : Math.Min(Console.WindowWidth, Comfortable);
            }
            catch (IOException)
            {
                return 0; // a terminal that does not know its size
            }
        }
    }
}
