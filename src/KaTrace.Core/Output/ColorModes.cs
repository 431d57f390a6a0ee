namespace KaTrace.Output;

/// <summary>Decides on colour.</summary>
internal static class ColorModes
{
    /// <exception cref="FormatException">There is no such mode; the message lists them.</exception>
    public static ColorMode Parse(string name)
    {
        foreach (ColorMode mode in Enum.GetValues<ColorMode>())
        {
            if (string.Equals(mode.ToString(), name, StringComparison.OrdinalIgnoreCase))
                return mode;
        }

        throw new FormatException($"bad colour mode '{name}': it is auto, always or never");
    }

    /// <param name="mode">What the user asked for: always outranks NO_COLOR.</param>
    /// <param name="isTerminal">Standard output is a terminal.</param>
    /// <param name="noColor">The environment variable NO_COLOR: any text but the empty one turns colour off (no-color.org).</param>
    public static bool IsOn(ColorMode mode, bool isTerminal, string? noColor) => mode switch
    {
        ColorMode.Always => true,
        ColorMode.Never => false,
        _ => isTerminal && string.IsNullOrEmpty(noColor),
    };
}
