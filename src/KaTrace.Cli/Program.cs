using System.CommandLine;
using System.CommandLine.Parsing;
using KaTrace.Bpf;
using KaTrace.Cli;
using KaTrace.Cli.Filters;
using KaTrace.Cli.Streaming;

RootCommand root = new("katrace: what TCP keepalive (SO_KEEPALIVE) does on this host, from the kernel itself.")
{
    StreamCommand.Create(),
    SchemaCommand.Create(),
};
ParseResult parsed = root.Parse(FilterOptions.Rewrite(args));
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
catch (IOException e)
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
