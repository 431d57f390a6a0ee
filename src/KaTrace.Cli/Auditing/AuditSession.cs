using KaTrace.Audit;
using KaTrace.Audit.Reports;
using KaTrace.Audit.Rules;
using KaTrace.Cli.Agents;
using KaTrace.Hosts;
using KaTrace.Output;
using KaTrace.Sockets;

namespace KaTrace.Cli.Auditing;

/// <summary>One run of <c>katrace audit</c>.</summary>
internal static class AuditSession
{
    public static int Run(IHostSource host, AuditOptions options)
    {
        SocketTable? before = null;
        if (options.Watch is { } watch)
        {
            before = host.Look(programs: false).Table;
            if (!Pause(watch))
                return ExitCodes.Ok;
        }

        IHostLook look = host.Look(programs: true);
        AuditScope scope = new()
        {
            Table = look.Table,
            Before = before,
            Limits = options.Limits,
            Paths = options.Paths,
            Settings = look.ReadSettings(),
            Descriptors = look.ReadDescriptors,
            Programs = look.ReadPrograms(look.Table.Processes),
        };
        Gaps.Tell(look.Table);
        Finding[] findings = Auditor.Run(options.Rules.Append(new Expected(options.Expectations)), options.Severities, scope);

        Print(findings, options, scope);
        if (options.JUnit is { } file)
            File.WriteAllText(file, JUnitReport.Write(options.Rules, options.Expectations, findings, options.FailOn ?? Severity.Warning, scope.Table.Time));
        return options.FailOn is { } worst && findings.Any(finding => finding.Severity >= worst) ? ExitCodes.Found : ExitCodes.Ok;
    }

    /// <returns>False if the user would not wait.</returns>
    private static bool Pause(TimeSpan time)
    {
        using ManualResetEventSlim interrupted = new();
        ConsoleCancelEventHandler interrupt = (_, e) =>
        {
            e.Cancel = true;
            interrupted.Set();
        };
        Console.CancelKeyPress += interrupt;
        Console.Error.WriteLine($"katrace: looking again in {TimeText.Of(time)}");
        bool waited = !interrupted.Wait(time);
        Console.CancelKeyPress -= interrupt;
        return waited;
    }

    private static void Print(Finding[] findings, AuditOptions options, AuditScope scope)
    {
        using StandardOutput output = new();
        if (options.Json)
        {
            foreach (Finding finding in findings)
                FindingJson.Write(output, finding, scope);
        }
        else
        {
            bool color = ColorModes.IsOn(options.Color, !Console.IsOutputRedirected, Environment.GetEnvironmentVariable("NO_COLOR"));
            WrappedText text = new(TerminalWidth.OfOutput);
            foreach (Finding finding in findings)
            {
                FindingText.Append(text, finding, scope.Table, color ? Paint : (_, word) => word);
                text.AppendLine();
            }

            text.Append("", FindingText.Summary(findings, scope.Table));
            byte[] utf8 = text.ToUtf8();
            utf8.CopyTo(output.GetSpan(utf8.Length));
            output.Advance(utf8.Length);
        }

        output.Flush();
    }

    private static string Paint(Severity severity, string word)
    {
        string color = severity switch
        {
            Severity.Critical => "\e[1;31m",
            Severity.Warning => "\e[33m",
            _ => "\e[36m",
        };
        return $"{color}{word}\e[0m";
    }
}
