using System.Text.RegularExpressions;

namespace KaTrace.KernelTests.Cli;

/// <summary>A process names itself as it likes; a terminal that shows the name does nothing but show it.</summary>
public sealed partial class HostileNameTests
{
    [Theory]
    [InlineData("compact")]
    [InlineData("wide")]
    [InlineData("json")]
    public void No_control_character_of_a_name_or_command_line_is_written(string format)
    {
        KernelAccess.Require();
        using PythonProcess python = new(); // its command line has line breaks
        python.Do("""
            import ctypes
            ctypes.CDLL(None).prctl(15, b'\x1b]0;x\x07\n\x9b2J\r')
            """);
        using KatraceProcess katrace = KatraceProcess.Stream("--pid", $"{python.Pid}", "-o", format, "--color", "always", "--count", "1");
        python.Do("socket().setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)");

        Assert.Equal(0, katrace.WaitForExit());
        string line = Assert.Single(katrace.Output.All());
        Assert.Contains("]0;x", line, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"[\x00-\x1f\x7f-\x9f]", OurColors().Replace(line, ""));
    }

    /// <summary>Select Graphic Rendition, and only that.</summary>
    [GeneratedRegex(@"\x1b\[[0-9;]*m")]
    private static partial Regex OurColors();
}
