using KaTrace.Audit;

namespace KaTrace.Tests.Audit;

/// <summary>The configuration file, and what it says of mistakes.</summary>
public sealed class ConfigurationTests
{
    [Fact]
    public void Everything_can_be_set_and_comments_and_trailing_commas_may_stand_there()
    {
        AuditConfig config = AuditConfigFile.Parse("audit.json", """
            {
              // for the health check
              "failOn": "warning",
              "disable": ["slow-detection"],
              "severity": { "one-side-only": "critical" },
              "limits": { "silent": "30m", "connections": 10, "closeWait": 5, "descriptorsPercent": 50, },
              "pathTimeouts": [":5432=aws-nlb"],
              "presets": { "aws-nlb": "1h" },
            }
            """);

        Assert.Equal(Severity.Warning, config.FailOn);
        Assert.Equal(Severity.Critical, config.Severity!["one-side-only"]);
        Assert.Equal(TimeSpan.FromHours(1), config.Presets!["aws-nlb"].Time);
        Assert.Equal(new AuditLimits { Silent = TimeSpan.FromMinutes(30), Connections = 10, CloseWait = 5, DescriptorsPercent = 50 }, config.Limits!.Over(new AuditLimits()));
    }

    [Fact]
    public void What_is_not_set_stays_as_it_is() =>
        Assert.Equal(new AuditLimits(), new AuditLimitsConfig().Over(new AuditLimits()));

    [Theory]
    [InlineData("{\n\"limit\": {} }", "audit.json line 2: 'limit' is no setting")]
    [InlineData("{\n\"limits\": { \"silence\": \"1h\" } }", "audit.json line 2: 'silence' is no setting")]
    [InlineData("{\n\n\"limits\": { \"silent\": \"long\" } }", "audit.json line 3: limits.silent: bad duration 'long'")]
    [InlineData("{ \"limits\": { \"silent\": 5 } }", "audit.json line 1: limits.silent: a duration is a string")]
    [InlineData("{ \"limits\": { \"connections\": \"many\" } }", "audit.json line 1: limits.connections: the value is of the wrong kind")]
    [InlineData("{ \"limits\": { \"connections\": 0 } }", "audit.json: limits.connections: 0 is not from 1 to ")]
    [InlineData("{ \"limits\": { \"descriptorsPercent\": 101 } }", "audit.json: limits.descriptorsPercent: 101 is not from 1 to 100")]
    [InlineData("{ \"failOn\": \"loud\" }", "audit.json line 1: failOn: the value is of the wrong kind")]
    [InlineData("{ \"rules\": [\"silence\"] }", "audit.json: rules: there is no rule 'silence'")]
    [InlineData("{ \"severity\": { \"silence\": \"info\" } }", "audit.json: severity: there is no rule 'silence'")]
    [InlineData("{ \"presets\": { \"aws\": \"1h\" } }", "audit.json: presets: there is no preset 'aws'")]
    [InlineData("{", "audit.json line 1: ")]
    [InlineData("null", "audit.json: it holds null")]
    public void What_is_wrong_is_told_with_file_and_place(string text, string says)
    {
        string message = Assert.Throws<FormatException>(() => AuditConfigFile.Parse("audit.json", text)).Message;
        Assert.StartsWith(says, message, StringComparison.Ordinal);
        Assert.DoesNotContain("KaTrace.", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }
}
