using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using KaTrace.Audit;
using KaTrace.Audit.Expectations;
using KaTrace.Audit.Reports;
using KaTrace.Audit.Rules;
using KaTrace.Output;
using KaTrace.Sockets;
using KaTrace.Tests.Sockets;

namespace KaTrace.Tests.Audit;

/// <summary>How findings are told to people, to programs and to CI.</summary>
public sealed class ReportTests
{
    private const string Hostile = "evil\e[31m\u202e\"<x>";

    private readonly MadeUpHost _host = new();

    [Fact]
    public void Lines_for_people_fit_the_width_and_name_program_port_remedy_and_example()
    {
        string[] lines = Text(Serve("redis-server"), width: 80);

        Assert.Equal("WARNING server-without-keepalive: redis-server[520] on :6379", lines[0]);
        Assert.Contains(lines, line => line.StartsWith("    remedy: tcp-keepalive (Redis, Valkey)", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("    such as: 10.0.0.5:6379 <> 10.0.0.9:40000", StringComparison.Ordinal));
        Assert.All(lines, line => Assert.True(line.Length <= 80, line));
    }

    [Fact]
    public void Lines_for_a_pipe_are_never_broken() => Assert.Equal(3 + 3, Text(Serve("redis-server"), width: 0).Length);

    [Fact]
    public void A_hostile_name_reaches_no_terminal()
    {
        string[] lines = Text(Serve(Hostile), width: 0);
        Assert.Contains("evil\\x1b[31m", lines[0], StringComparison.Ordinal);
        Assert.All(lines, line => SafeText.AssertSafe(Encoding.UTF8.GetBytes(line)));
    }

    [Fact]
    public void The_summary_counts_by_severity()
    {
        Assert.Equal("1 finding (1 warning) over 61 TCP sockets of 1 process", FindingText.Summary(Serve("redis-server"), _host.Table));
        Assert.Equal("no findings over 61 TCP sockets of 1 process", FindingText.Summary([], _host.Table));
    }

    [Fact]
    public void A_JSON_line_holds_all_of_a_finding_and_is_ASCII()
    {
        ArrayBufferWriter<byte> output = new();
        FindingJson.Write(output, Serve(Hostile)[0], Audited.Scope(_host));

        Assert.All(output.WrittenSpan.ToArray(), b => Assert.InRange(b, (byte)'\n', (byte)'~'));
        using JsonDocument json = JsonDocument.Parse(output.WrittenMemory);
        JsonElement root = json.RootElement;
        Assert.Equal(Hostile, root.GetProperty("program").GetString());
        Assert.Equal("WARNING", root.GetProperty("severity").GetString());
        Assert.Equal(60, root.GetProperty("count").GetInt32());
        Assert.Equal("10.0.0.9:40000", root.GetProperty("examples")[0].GetProperty("remote").GetString());
    }

    [Fact]
    public void A_JSON_line_of_a_known_program_holds_its_knob()
    {
        ArrayBufferWriter<byte> output = new();
        FindingJson.Write(output, Serve("redis-server")[0], Audited.Scope(_host));

        using JsonDocument json = JsonDocument.Parse(output.WrittenMemory);
        Assert.Equal("tcp-keepalive", json.RootElement.GetProperty("knob").GetProperty("name").GetString());
    }

    [Theory]
    [InlineData(Severity.Info, 1, 0)]
    [InlineData(Severity.Critical, 0, 1)]
    public void JUnit_has_a_test_case_for_each_rule_which_findings_fail_if_they_are_bad_enough(object failOn, int failures, int mentioned)
    {
        XElement suite = XDocument.Parse(JUnitReport.Write(AuditRules.All, [], Serve(Hostile), (Severity)failOn, DateTimeOffset.UnixEpoch)).Root!.Element("testsuite")!;

        Assert.Equal(AuditRules.All.Count, suite.Elements("testcase").Count());
        Assert.Equal($"{failures}", suite.Attribute("failures")!.Value);
        Assert.Equal(failures, suite.Descendants("failure").Count());
        Assert.Equal(mentioned, suite.Descendants("system-out").Count());
    }

    [Fact]
    public void JUnit_has_a_test_case_for_each_expectation()
    {
        Finding[] _ = Serve("redis-server");
        Expectation[] expectations = ExpectationFile.Parse("f", ["every connection to :6379: on", "every connection to :5432: on"]);
        Finding[] findings = [.. new Expected(expectations).Look(Audited.Scope(_host))];
        XElement suite = XDocument.Parse(JUnitReport.Write([], expectations, findings, Severity.Warning, DateTimeOffset.UnixEpoch)).Root!.Element("testsuite")!;

        Assert.Equal(["line 1: every connection to :6379: on", "line 2: every connection to :5432: on"], suite.Elements("testcase").Select(c => c.Attribute("name")!.Value));
        Assert.Equal([true, false], suite.Elements("testcase").Select(c => c.Element("failure") is not null));
    }

    private Finding[] Serve(string program)
    {
        int listener = _host.Listen(_host.Process(520, program), "0.0.0.0:6379");
        for (int i = 0; i < 60; i++)
            _host.Accept(listener, $"10.0.0.9:{40000 + i}");
        return Audited.Find("server-without-keepalive", _host);
    }

    private string[] Text(Finding[] findings, int width)
    {
        WrappedText text = new(width);
        foreach (Finding finding in findings)
            FindingText.Append(text, finding, _host.Table, (_, word) => word);
        return text.ToString().TrimEnd('\n').Split('\n');
    }
}
