using System.CommandLine;
using System.CommandLine.Parsing;
using KaTrace.Cli.Agents;
using KaTrace.Explaining;
using KaTrace.Hosts;
using static KaTrace.Cli.ParsedOption;

namespace KaTrace.Cli.Explaining;

/// <summary><c>katrace explain</c>: its flags, and what they mean.</summary>
internal static class ExplainCommand
{
    public static Command Create()
    {
        Argument<ExplainTarget> target = new("TARGET")
        {
            Description = "A port, a process id or a socket inode, tried in that order (port:, pid:, inode: or cookie: before the number say which), or ADDRESS:PORT of either end",
            CustomParser = Parse,
        };
        Option<string> output = Parsed("--output", "text, or json (JSON Lines, one socket each, however many)", "FORMAT", ParseFormat, "text");
        output.Aliases.Add("-o");
        Command command = new("explain", "Explain keepalive on one connection in full: whose it is, what is set, when a dead peer is noticed, which setting changes it") { target, output };
        HostFlags host = new();
        host.AddTo(command);
        command.SetAction(result => host.Run(result, source => ExplainSession.Run(
            source, result.GetValue(target)!, result.GetValue(output) == "json", source as IEventHistory ?? (source is KernelHost ? LocalAgent.History : null))));
        return command;
    }

    private static ExplainTarget? Parse(ArgumentResult argument)
    {
        try
        {
            return ExplainTarget.Parse(argument.Tokens[0].Value);
        }
        catch (FormatException e)
        {
            argument.AddError(e.Message);
            return null;
        }
    }

    private static string ParseFormat(string text) => text is "text" or "json" ? text : throw new FormatException($"bad format '{text}': it is text or json");
}
