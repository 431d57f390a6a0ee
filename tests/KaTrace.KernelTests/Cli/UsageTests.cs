using System.Text.Json;
using System.Text.Json.Nodes;

namespace KaTrace.KernelTests.Cli;

/// <summary>What the command says before, or without, touching the kernel. No privilege is needed for any of it.</summary>
public sealed class UsageTests
{
    [Theory]
    [InlineData("stream --port 70000", "--port", "'70000'")]
    [InlineData("stream --not --local-port http", "--not --local-port", "'http'")]
    [InlineData("stream --duration 3parsec", "--duration", "'3parsec'")]
    [InlineData("stream --count many", "--count", "'many'")]
    [InlineData("stream --ring-size 5", "--ring-size", "'5'")]
    [InlineData("stream --reconcile 10ms", "--reconcile", "'10ms'")]
    [InlineData("stream -o xml", "--output", "'xml'")]
    [InlineData("stream --backend magic", "--backend", "'magic'")]
    [InlineData("export --format xml a", "--format", "'xml'")]
    [InlineData("stream --color pink", "--color", "'pink'")]
    [InlineData("stream --netns nowhere", "--netns", "'nowhere'")]
    [InlineData("stream --not", "--not", "must be followed by a filter flag")]
    [InlineData("stream --not --demo", "--not", "must be followed by a filter flag")]
    [InlineData("stream --bogus", "", "'--bogus'")]
    [InlineData("list --columns state,colour", "--columns", "'colour'")]
    [InlineData("list --sort size", "--sort", "'size'")]
    [InlineData("list --state open", "--state", "'open'")]
    [InlineData("list -o yaml", "", "'yaml'")]
    [InlineData("list sport = :99999", "bad port", "':99999'")]
    [InlineData("list ( sport = :1", "bad expression", "a ')' is missing")]
    [InlineData("list --kind probe", "", "'--kind'")]
    [InlineData("audit --fail-on loud", "--fail-on", "'loud'")]
    [InlineData("audit --rule silence", "--rule", "'silence'")]
    [InlineData("audit --path-timeout aws", "--path-timeout", "'aws'")]
    [InlineData("audit --watch 10ms", "--watch", "'10ms'")]
    [InlineData("audit -o xml", "--output", "'xml'")]
    [InlineData("audit --config /nowhere/audit.json", "--config", "/nowhere/audit.json")]
    [InlineData("audit --expect /nowhere/ka.expect", "--expect", "/nowhere/ka.expect")]
    [InlineData("explain redis", "bad target", "'redis'")]
    [InlineData("explain -o xml 1", "--output", "'xml'")]
    [InlineData("explain", "", "explain")]
    [InlineData("strem", "", "'strem'")]
    [InlineData("", "a command is missing", "'katrace stream'")]
    public void A_usage_error_is_one_line_that_names_flag_and_value(string commandLine, string flag, string value)
    {
        using KatraceProcess katrace = KatraceProcess.StartUnprivileged(commandLine.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.Equal(2, katrace.WaitForExit());
        Assert.Empty(katrace.Output.All());
        string[] errors = katrace.Errors.All();
        Assert.StartsWith($"katrace: {flag}", errors[0], StringComparison.Ordinal);
        Assert.Contains(value, errors[0], StringComparison.Ordinal);
        Assert.DoesNotContain("System.", errors[0], StringComparison.Ordinal);
        Assert.Matches("^Try 'katrace( [a-z]+)? --help'.$", Assert.Single(errors[1..]));
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("stream", "--help")]
    [InlineData("list", "--help")]
    [InlineData("schema", "--help")]
    [InlineData("audit", "--help")]
    [InlineData("explain", "--help")]
    public void Help_is_a_success(params string[] arguments)
    {
        using KatraceProcess katrace = KatraceProcess.StartUnprivileged(arguments);

        Assert.Equal(0, katrace.WaitForExit());
        Assert.Contains(katrace.Output.All(), line => line.Contains("Usage:", StringComparison.Ordinal));
        Assert.Empty(katrace.Errors.All());
    }

    [Fact]
    public void Columns_help_says_what_each_column_shows()
    {
        using KatraceProcess katrace = KatraceProcess.StartUnprivileged("list", "--columns", "help");

        Assert.Equal(0, katrace.WaitForExit());
        Assert.All(katrace.Output.All(), line => Assert.Matches("^[a-z]+ +[^ ]", line));
        Assert.Contains(katrace.Output.All(), line => line.StartsWith("silent ", StringComparison.Ordinal));
    }

    [Fact]
    public void Print_raw_filters_prints_what_is_allowed_and_denied_without_tracing()
    {
        using KatraceProcess katrace = KatraceProcess.StartUnprivileged(
            "stream", "--local-port", "80,443", "--comm", "redis*", "--not", "--kind", "probe", "--print-raw-filters");

        Assert.Equal(0, katrace.WaitForExit());
        JsonNode printed = JsonNode.Parse(Assert.Single(katrace.Output.All()))!;
        JsonNode expected = JsonNode.Parse("""
            { "allowList": [ { "comm": [ "redis*" ], "localPort": [ 80, 443 ] } ], "denyList": [ { "kind": [ "PROBE" ] } ] }
            """)!;
        Assert.True(JsonNode.DeepEquals(expected, printed), printed.ToJsonString());
        Assert.Empty(katrace.Errors.All());
    }

    [Theory]
    [InlineData("katrace.v1.Event", "schema")]
    [InlineData("katrace.v1.Event", "schema", "event")]
    [InlineData("katrace.v1.Connection", "schema", "connection")]
    public void Schema_prints_a_JSON_schema(string title, params string[] arguments)
    {
        using KatraceProcess katrace = KatraceProcess.StartUnprivileged(arguments);

        Assert.Equal(0, katrace.WaitForExit());
        using JsonDocument schema = JsonDocument.Parse(string.Join('\n', katrace.Output.All()));
        Assert.Equal(title, schema.RootElement.GetProperty("title").GetString());
    }
}
