using System.Text.Json.Nodes;

namespace KaTrace.KernelTests.Cli;

/// <summary>What <c>katrace audit</c> and <c>katrace explain</c> say, as JSON.</summary>
internal static class Judged
{
    /// <summary>Findings about one port: others run on this host as well.</summary>
    public static JsonNode[] Audit(ushort port, params string[] arguments) =>
        [.. Run(["audit", "-o", "json", .. arguments], 0).Where(finding => (int?)finding["port"] == port)];

    /// <summary>Ids of the rules that have findings about a port.</summary>
    public static string[] Rules(ushort port, params string[] arguments) =>
        [.. Audit(port, arguments).Select(finding => (string)finding["rule"]!).Order(StringComparer.Ordinal)];

    public static JsonNode[] Explain(string target) => Run(["explain", target, "-o", "json"], 0);

    public static JsonNode[] Run(string[] arguments, int exitCode)
    {
        KernelAccess.Require();
        using KatraceProcess katrace = KatraceProcess.Start(arguments);
        Assert.True(exitCode == katrace.WaitForExit(), string.Join('\n', katrace.Errors.All()));
        return [.. katrace.Output.All().Select(line => JsonNode.Parse(line)!)];
    }
}
