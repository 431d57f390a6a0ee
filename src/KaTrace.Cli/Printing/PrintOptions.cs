using KaTrace.Output;

namespace KaTrace.Cli.Printing;

/// <summary>How events are printed.</summary>
/// <param name="Format">compact, wide or json.</param>
/// <param name="TimeFormat">Of times, but in JSON.</param>
/// <param name="Color">When lines are coloured.</param>
internal sealed record PrintOptions(string Format, TimeFormat TimeFormat, ColorMode Color)
{
    /// <param name="output">Where lines go.</param>
    /// <param name="nodeName">The host that the events come from.</param>
    public IEventWriter NewWriter(StandardOutput output, string nodeName)
    {
        if (Format == "json")
            return new JsonEventWriter(output, nodeName);

        bool color = ColorModes.IsOn(Color, !Console.IsOutputRedirected, Environment.GetEnvironmentVariable("NO_COLOR"));
        return new CompactEventWriter(output, TimeFormat, TimeZoneInfo.Local, color, wide: Format == "wide");
    }
}
