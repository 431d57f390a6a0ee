using KaTrace.Output;

namespace KaTrace.Tests.Output;

public sealed class ColorModeTests
{
    [Theory]
    [InlineData("auto", true, null, true)]
    [InlineData("auto", true, "", true)]
    [InlineData("auto", true, "1", false)]
    [InlineData("auto", false, null, false)]
    [InlineData("always", false, "1", true)]
    [InlineData("never", true, null, false)]
    public void Colour_is_for_terminals_unless_told_otherwise(string mode, bool terminal, string? noColor, bool on) =>
        Assert.Equal(on, ColorModes.IsOn(ColorModes.Parse(mode), terminal, noColor));
}
