using System.Xml;
using KaTrace.Audit.Expectations;
using KaTrace.Audit.Rules;
using KaTrace.Hosts;

namespace KaTrace.Audit.Reports;

/// <summary>The audit as tests for CI: a test case for each rule that ran and for each expectation, failed by findings that are bad enough.</summary>
internal static class JUnitReport
{
    private const string Suite = "katrace audit";

    /// <param name="rules">That ran, but for <see cref="Expected"/>.</param>
    /// <param name="expectations">Of the file, if any.</param>
    /// <param name="findings">Of all of them.</param>
    /// <param name="failOn">The least severity that fails a test case.</param>
    /// <param name="time">Of the look at the host.</param>
    public static string Write(IReadOnlyList<AuditRule> rules, IReadOnlyList<Expectation> expectations, IReadOnlyList<Finding> findings, Severity failOn, DateTimeOffset time)
    {
        List<(string Name, Finding[] Findings)> cases =
        [
            .. rules.Select(rule => (rule.Id, findings.Where(f => f.Rule == rule.Id).ToArray())),
            .. expectations.Select(e => ($"line {e.Line}: {e.Text}", findings.Where(f => f.Rule == Expected.RuleId && f.Line == e.Line).ToArray())),
        ];
        int failures = cases.Count(c => c.Findings.Any(f => f.Severity >= failOn));

        using StringWriter text = new(System.Globalization.CultureInfo.InvariantCulture);
        using (XmlWriter xml = XmlWriter.Create(text, new XmlWriterSettings { Indent = true, NewLineChars = "\n", OmitXmlDeclaration = true }))
        {
            xml.WriteStartElement("testsuites");
            xml.WriteStartElement("testsuite");
            xml.WriteAttributeString("name", Suite);
            xml.WriteAttributeString("tests", XmlConvert.ToString(cases.Count));
            xml.WriteAttributeString("failures", XmlConvert.ToString(failures));
            xml.WriteAttributeString("timestamp", time.UtcDateTime.ToString("s", System.Globalization.CultureInfo.InvariantCulture));
            foreach ((string name, Finding[] found) in cases)
                WriteCase(xml, name, found, failOn);
            xml.WriteEndElement();
            xml.WriteEndElement();
        }

        return $"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{text}\n";
    }

    private static void WriteCase(XmlWriter xml, string name, Finding[] found, Severity failOn)
    {
        xml.WriteStartElement("testcase");
        xml.WriteAttributeString("classname", Suite);
        xml.WriteAttributeString("name", HostView.Safe(name));
        foreach (Finding finding in found.Where(f => f.Severity >= failOn))
        {
            xml.WriteStartElement("failure");
            xml.WriteAttributeString("type", finding.Severity.ToString().ToUpperInvariant());
            xml.WriteAttributeString("message", $"{FindingText.Where(finding)}: {HostView.Safe(finding.Sentence)}");
            xml.WriteString($"remedy: {HostView.Safe(finding.Remedy)}");
            xml.WriteEndElement();
        }

        string lesser = string.Join('\n', found.Where(f => f.Severity < failOn).Select(f => $"{FindingText.Where(f)}: {HostView.Safe(f.Sentence)}"));
        if (lesser.Length > 0)
            xml.WriteElementString("system-out", lesser);
        xml.WriteEndElement();
    }
}
