using System.CommandLine;
using System.CommandLine.Parsing;
using KaTrace.Bpf;
using KaTrace.Cli;
using KaTrace.Cli.Auditing;
using KaTrace.Cli.Explaining;
using KaTrace.Cli.Filters;
using KaTrace.Cli.Listing;
using KaTrace.Cli.Serving;
using KaTrace.Cli.Recording;
using KaTrace.Cli.Replaying;
using KaTrace.Cli.Streaming;

RootCommand root = new("katrace: what TCP keepalive (SO_KEEPALIVE) does on this host, from the kernel itself.")
{
    StreamCommand.Create(),
    ListCommand.Create(),
    ExplainCommand.Create(),
    AuditCommand.Create(),
    ServeCommand.Create(),
    ConfigCommand.Create(),
    RecordCommand.Create(),
    ReplayCommand.Create(),
    InspectCommand.Create(),
    ExportCommand.Create(),
    SchemaCommand.Create(),
};
// Without an action of its own, a misspelt command would be reported as a missing one first.
root.SetAction(_ =>
{
    Console.Error.WriteLine("katrace: a command is missing, such as 'katrace stream'");
    Console.Error.WriteLine("Try 'katrace --help'.");
    return ExitCodes.Usage;
});
ParseResult parsed = root.Parse(FilterOptions.Rewrite(SsFlags.Rewrite(args)));
if (parsed.Errors.Count > 0)
{
    foreach (ParseError error in parsed.Errors)
        Console.Error.WriteLine($"katrace: {error.Message}");
    Console.Error.WriteLine($"Try '{string.Join(' ', CommandPath(parsed.CommandResult))} --help'.");
    return ExitCodes.Usage;
}

try
{
    return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
}
catch (BpfException e)
{
    Console.Error.WriteLine($"katrace: {e.Message}");
    if (e.Log.Length > 0 && e is not BpfNotSupportedException)
        Console.Error.WriteLine(e.Log);
    return ExitCodes.Failure;
}
catch (Exception e) when (e is IOException or InvalidDataException)
{
    Console.Error.WriteLine($"katrace: {e.Message}");
    return ExitCodes.Failure;
}

static IEnumerable<string> CommandPath(CommandResult command)
{
    Stack<string> names = [];
    for (SymbolResult? at = command; at is CommandResult one; at = at.Parent)
        names.Push(at.Parent is null ? "katrace" : one.Command.Name);
    return names;
}
