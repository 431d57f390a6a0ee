using System.CommandLine;
using KaTrace.Audit;
using KaTrace.Audit.Expectations;
using KaTrace.Audit.Rules;
using KaTrace.Cli.Agents;
using KaTrace.Output;
using static KaTrace.Cli.ParsedOption;

namespace KaTrace.Cli.Auditing;

/// <summary><c>katrace audit</c>: its flags, and what they mean.</summary>
internal static class AuditCommand
{
    private static readonly TimeSpan LongestWatch = TimeSpan.FromDays(1);

    public static Command Create()
    {
        Option<Severity?> failOn = Parsed<Severity?>("--fail-on", "Exit with 3 if there is a finding of this severity or worse: info, warning, critical", "SEVERITY", text => ParseSeverity(text));
        Option<string[]> rules = ParsedList("--rule", "Only these rules, see --list-rules", "ID,…", ParseRules);
        Option<string[]> paths = ParsedList("--path-timeout", $"After which silence what lies on the way forgets a connection: a time, or {string.Join(", ", PathPresets.All.Select(p => p.Name))}; only for some: 10.0.0.0/8=350s, :5432=aws-nlb, dev:eth0=gcp-nat", "[WHERE=]LIMIT", ParsePaths);
        Option<string?> config = new("--config") { Description = "Rules, severities, limits and paths from a JSON file", HelpName = "FILE" };
        Option<string?> expect = new("--expect") { Description = "What must hold, a sentence a line: every connection to :5432 from 10.0.0.0/8: on, idle <= 300s", HelpName = "FILE" };
        Option<string?> junit = new("--junit") { Description = "Write the result as JUnit XML as well", HelpName = "FILE" };
        Option<TimeSpan?> watch = Parsed<TimeSpan?>("--watch", "Look twice, so long apart, and tell growth and what it leads to", "TIME", text => ParseWatch(text));
        Option<string> output = Parsed("--output", "table, or json (JSON Lines, one finding each)", "FORMAT", ParseFormat, "table");
        output.Aliases.Add("-o");
        Option<ColorMode> color = Parsed("--color", "auto, always or never; NO_COLOR is honoured", "WHEN", ColorModes.Parse, ColorMode.Auto);
        HostFlags host = new();
        Option<bool> listRules = new("--list-rules") { Description = "Print the rules and exit" };

        Command command = new("audit", "Judge TCP keepalive (SO_KEEPALIVE) on all connections of this host: what dangles, what will break, and which setting mends it")
        {
            failOn, rules, paths, config, expect, junit, watch, output, color, listRules,
        };
        host.AddTo(command, watch);
        command.SetAction(result =>
        {
            if (result.GetValue(listRules))
            {
                PrintRules();
                return ExitCodes.Ok;
            }

            AuditOptions options;
            try
            {
                AuditConfig settings = result.GetValue(config) is { } configFile ? AuditConfigFile.Parse(configFile, ReadFile("--config", configFile)) : new AuditConfig();
                string[] pathTimeouts = [.. settings.PathTimeouts ?? [], .. result.GetValue(paths)!];
                if (host.IsElsewhere(result) && Array.Find(pathTimeouts, path => path.StartsWith("dev:", StringComparison.Ordinal)) is { } device)
                    throw new FormatException($"--path-timeout {device} names an interface of this host, which says nothing of another: name the network that is behind it, as 10.0.0.0/8=350s");
                options = new AuditOptions
                {
                    Rules = Choose(settings, result.GetValue(rules)!),
                    Expectations = result.GetValue(expect) is { } expectFile ? ExpectationFile.Parse(expectFile, ReadFile("--expect", expectFile).Split('\n')) : [],
                    Paths = [.. pathTimeouts.Select(path => PathRule.Parse(path, Overrides(settings)))],
                    Limits = settings.Limits?.Over(new AuditLimits()) ?? new AuditLimits(),
                    Severities = settings.Severity ?? [],
                    FailOn = result.GetValue(failOn) ?? settings.FailOn,
                    Watch = result.GetValue(watch),
                    JUnit = result.GetValue(junit),
                    Json = result.GetValue(output) == "json",
                    Color = result.GetValue(color),
                };
            }
            catch (Exception e) when (e is FormatException or ExpectationException)
            {
                Console.Error.WriteLine($"katrace: {e.Message}");
                Console.Error.WriteLine("Try 'katrace audit --help'.");
                return ExitCodes.Usage;
            }

            return host.Run(result, source => AuditSession.Run(source, options));
        });
        return command;
    }

    private static AuditRule[] Choose(AuditConfig settings, string[] asked)
    {
        string[]? only = asked.Length > 0 ? asked : settings.Rules;
        return [.. AuditRules.All.Where(rule => (only is null || only.Contains(rule.Id)) && !(settings.Disable ?? []).Contains(rule.Id))];
    }

    private static Dictionary<string, TimeSpan> Overrides(AuditConfig settings) =>
        (settings.Presets ?? []).ToDictionary(preset => preset.Key, preset => preset.Value.Time);

    private static void PrintRules()
    {
        foreach (AuditRule rule in AuditRules.All.Append(new Expected([])))
            Console.Out.WriteLine($"{rule.Severity.ToString().ToLowerInvariant(),-9} {rule.Id,-28} {rule.Summary}");
    }

    private static string ReadFile(string flag, string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"{flag}: {file} cannot be read: {e.Message}", e);
        }
    }

    private static Severity ParseSeverity(string text) => Enum.GetNames<Severity>().Contains(text, StringComparer.OrdinalIgnoreCase)
        ? Enum.Parse<Severity>(text, ignoreCase: true)
        : throw new FormatException($"bad severity '{text}': it is info, warning or critical");

    private static IEnumerable<string> ParseRules(string text)
    {
        foreach (string id in text.Split(',', StringSplitOptions.TrimEntries))
        {
            yield return AuditRules.IsKnown(id) ? id : throw new FormatException($"there is no rule '{id}': {AuditRules.Names}");
        }
    }

    /// <summary>Checked at once, so that a mistake is told with its flag; read again once the configuration is known.</summary>
    private static string[] ParsePaths(string text)
    {
        _ = PathRule.Parse(text, new Dictionary<string, TimeSpan>());
        return [text];
    }

    private static TimeSpan ParseWatch(string text)
    {
        TimeSpan time = DurationText.Parse(text);
        return time >= TimeSpan.FromSeconds(1) && time <= LongestWatch ? time : throw new FormatException($"bad time '{text}': it is from 1s to 1d");
    }

    private static string ParseFormat(string text) => text is "table" or "json" ? text : throw new FormatException($"bad format '{text}': it is table or json");
}
